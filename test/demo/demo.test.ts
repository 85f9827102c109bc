import { on } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { execa } from "execa";
import { expect, test } from "vitest";
import { home, temporaryFolder, waitFor } from "../support/server.ts";

/** The demo with its runs in a folder of its own; whatever else the environment says of a server must not matter. */
function startDemo(
  command: readonly [string, ...string[]],
  runsDir: string,
  env: Record<string, string> = {},
) {
  const [file, ...args] = command;
  return execa(file, args, {
    cwd: home,
    env: {
      PORT: "1",
      PYTHONPATH: "/nowhere",
      QUANT_RUNS_LOG_LEVEL: "fatal",
      QUANT_RUNS_TOKEN: "of-another-server",
      QUANT_RUNS_ALLOW: "none:none",
      QUANT_RUNS_DIR: runsDir,
      ...env,
    },
    detached: true,
    reject: false,
    lines: true,
  });
}

const npmRunDemo = ["npm", "run", "--silent", "demo"] as const;
const nodeDemo = [process.execPath, join(home, "src", "demo", "demo.ts")] as const;

/** The command lines of all processes that were started with this runs directory. */
async function processesOf(runsDir: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const facts = await Promise.all(pids.map((pid) => Promise.all(["environ", "cmdline"].map(procFile(pid)))));
  return facts.flatMap(([environ = "", cmdline = ""]) =>
    environ.split("\0").includes(`QUANT_RUNS_DIR=${runsDir}`) ? [cmdline] : [],
  );
}

const procFile = (pid: string) => (name: string) =>
  readFile(join("/proc", pid, name), "utf8").catch(() => ""); // it has ended meanwhile

/** The run directory of the only job. */
async function onlyRun(runsDir: string): Promise<string> {
  const [name, ...others] = (await readdir(runsDir)).filter((entry) => !entry.startsWith("."));
  expect(others).toEqual([]);
  return join(runsDir, String(name));
}

/** What stands behind a label at the start of a line, each time it does. */
function labelled(lines: readonly string[], label: string): string[] {
  return lines.flatMap((line) =>
    line.startsWith(`  ${label}  `) ? [line.slice(label.length + 4).trim()] : [],
  );
}

/** Waits until a text is shown. */
async function shown(output: Readable, text: string): Promise<void> {
  const lines = createInterface({ input: output });
  for await (const [line] of on(lines, "line", { close: ["close"] })) if (line.includes(text)) return;
  throw new Error(`it never showed ${text}`);
}

const percent = (fraction: number) => `${fraction > 0 ? "+" : ""}${(100 * fraction).toFixed(2)}%`;

test("npm run demo shows a backtest from its submission to its figures and leaves nothing running", async () => {
  const runsDir = await temporaryFolder();
  const { stdout, exitCode } = await startDemo(npmRunDemo, runsDir);
  expect(await processesOf(runsDir)).toEqual([]);
  expect(exitCode).toBe(0);

  const run = await onlyRun(runsDir);
  const printed = (await readFile(join(run, "stdout.log"), "utf8")).trimEnd().split("\n");
  expect(labelled(stdout, "status")).toEqual(["pending", "running", "completed"]);
  expect(labelled(stdout, "stdout")).toEqual(printed);
  expect(printed.length).toBeGreaterThan(20);

  const { result } = JSON.parse(await readFile(join(run, "result.json"), "utf8"));
  expect(result).toMatchObject({ symbol: "EURUSD", fast: 20, slow: 100 });
  expect(labelled(stdout, "Trades")).toEqual([String(result.trade_list.length)]);
  expect(labelled(stdout, "Return")).toEqual([percent(result.total_return)]);
  expect(labelled(stdout, "Sharpe ratio")).toEqual([result.sharpe_ratio.toFixed(2)]);
  expect(labelled(stdout, "Maximum drawdown")).toEqual([percent(-result.maximum_drawdown)]);
  expect(labelled(stdout, "Buy and hold")).toEqual([percent(result.buy_and_hold_return)]);

  const text = stdout.join("\n");
  for (const name of await readdir(run)) expect(text).toMatch(new RegExp(`^ {4}${name} +\\w`, "m"));
  expect(text).toContain(`${run}/\n`);
  expect(text).toContain("/docs\n");
  expect(text).toContain(
    `curl http://127.0.0.1:8000/jobs/${JSON.parse(await readFile(join(run, "job.json"), "utf8")).job_id}\n`,
  );
  expect(text).toMatch(/^[\n -~]+$/);
});

test.each([
  {
    what: "the server cannot start",
    env: { QUANT_RUNS_PYTHON: "/nowhere/python" },
    line: /^demo: the server did not start: the Python interpreter '\/nowhere\/python' cannot be run/,
  },
  {
    what: "the job fails",
    env: { PYTHONHOME: "/nowhere" },
    line: /^demo: the job failed: The job could not be started/,
  },
])("when $what it says so in one line and leaves nothing running", async ({ env, line }) => {
  const runsDir = await temporaryFolder();
  const { stderr, exitCode } = await startDemo(nodeDemo, runsDir, env);
  expect(await processesOf(runsDir)).toEqual([]);
  expect(exitCode).toBe(1);
  expect(stderr).toEqual([expect.stringMatching(line)]);
});

test.each([
  {
    what: "Ctrl-C while it starts",
    signal: "SIGINT",
    group: true,
    after: "daily reference rates",
    code: 130,
  },
  { what: "Ctrl-C while the job runs", signal: "SIGINT", group: true, after: "  stdout  1999", code: 130 },
  { what: "SIGTERM while the job runs", signal: "SIGTERM", group: false, after: "  stdout  1999", code: 143 },
] as const)(
  "$what stops the server too; the job runs on to its end",
  async ({ signal, group, after, code }) => {
    const runsDir = await temporaryFolder();
    const demo = startDemo(nodeDemo, runsDir);
    await shown(demo.stdout, after);
    process.kill(group ? -Number(demo.pid) : Number(demo.pid), signal);
    const { stderr, exitCode } = await demo;
    expect((await processesOf(runsDir)).filter((line) => line.includes("serve"))).toEqual([]);
    expect({ stderr, exitCode }).toEqual({
      stderr: [expect.stringContaining(`stopped by ${signal}`)],
      exitCode: code,
    });
    await waitFor(async () => expect(await processesOf(runsDir)).toEqual([]));
  },
);
