import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, onTestFinished, test } from "vitest";
import { noLimits } from "../../src/jobs/limits.ts";
import { createRunDirectory } from "../../src/runs/accept.ts";
import { installedPython } from "../http/interpreters.ts";
import { fixtures, home, startServer, temporaryFolder } from "../support/server.ts";

/** A runs directory with one job that waits to be started. */
async function waitingJob(): Promise<string> {
  const runsDir = await temporaryFolder();
  await createRunDirectory(
    runsDir,
    {
      job_id: "20260101-000000-0000000000",
      created_at: "2026-01-01T00:00:00.000000+00:00",
      runtime: "python",
      labels: {},
      submitted_by: null,
      submission: null,
      env: {},
      entrypoint: "basic:succeeds",
      limits: noLimits,
      parameters: "{}",
    },
    "process",
  );
  return runsDir;
}

/** The records of every job, with what they say; what begins with a dot is the server's own. */
function records(runsDir: string): string[][] {
  return readdirSync(runsDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("/."))
    .map((path) => [path, readFileSync(path, "utf8")]);
}

interface Start {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

/** Starts a server that must refuse to start; returns the one line in which it says why. */
async function refusal({ args = [], env = {} }: Start): Promise<string> {
  const runsDir = await waitingJob();
  const before = records(runsDir);
  const { exitCode, stdout, stderr } = await execa(join(home, "bin", "quant-runs"), ["serve", ...args], {
    cwd: fixtures,
    env: { HOST: undefined, PORT: "0", MDPS_ENTRYPOINT: undefined, QUANT_RUNS_DIR: runsDir, ...env },
    reject: false,
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr.split("\n")).toHaveLength(1);
  expect(records(runsDir)).toEqual(before);
  return stderr;
}

describe("the server does not start, touches no job and says why in one line", () => {
  test.each<[string, Start, RegExp]>([
    ["a wrong flag", { args: ["--port", "abc"] }, /'--port .*'abc'.*whole number from 0 to 65535/],
    ["a wrong variable", { env: { PORT: "abc" } }, /'abc' from env 'PORT'.*whole number from 0 to 65535/],
    [
      "a wrong entrypoint",
      { env: { MDPS_ENTRYPOINT: "run_mdps.main" } },
      /'MDPS_ENTRYPOINT'.*'module:callable'/,
    ],
    [
      "a level there is not",
      { env: { QUANT_RUNS_LOG_LEVEL: "loud" } },
      /'QUANT_RUNS_LOG_LEVEL'.*debug, info/,
    ],
    ["an empty host", { args: ["--host", ""] }, /'--host .*must not be empty/],
    ["an unknown flag", { args: ["--nonsense"] }, /unknown option '--nonsense'/],
    ["an argument too many", { args: ["extra"] }, /too many arguments/],
    [
      "an address of another machine",
      { env: { HOST: "203.0.113.1", QUANT_RUNS_TOKEN: "secret" } },
      /203\.0\.113\.1.*no such address.*HOST/,
    ],
    [
      "an interpreter that is none",
      { env: { QUANT_RUNS_PYTHON: "/no/such/python" } },
      /'\/no\/such\/python'.*QUANT_RUNS_PYTHON/,
    ],
    [
      "an interpreter of another language",
      { args: ["--python", "true"] },
      /'true'.*QUANT_RUNS_PYTHON or --python/,
    ],
    ["an interpreter that is a folder", { args: ["--python", "/"] }, /'\/'.*QUANT_RUNS_PYTHON or --python/],
  ])("%s", async (_what, start, reason) => {
    expect(await refusal(start)).toMatch(reason);
  });

  test("a port that is in use", async () => {
    const other = await startServer();
    const port = new URL(other.url).port;
    expect(await refusal({ env: { PORT: port } })).toMatch(
      new RegExp(`port ${port}: another program listens there`),
    );
  });

  test("a port that is in use by something else", async () => {
    const squatter = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void squatter.close());
    await new Promise((resolve) => squatter.once("listening", resolve));
    const address = squatter.address();
    const port = typeof address === "object" ? `${address?.port}` : "";
    expect(await refusal({ args: ["--port", port] })).toContain(`127.0.0.1 port ${port}`);
  });

  test.each(["below a file", "a file itself"])("a runs directory that is %s", async (what) => {
    const path = join(await temporaryFolder(), "file");
    writeFileSync(path, "");
    const runsDir = what === "a file itself" ? path : join(path, "runs");
    expect(await refusal({ env: { QUANT_RUNS_DIR: runsDir } })).toMatch(
      /runs directory .*file.* QUANT_RUNS_DIR/,
    );
    expect(readFileSync(path, "utf8")).toBe("");
  });

  test("a Python that is too old", async () => {
    const pretender = join(await temporaryFolder(), "python3.8");
    writeFileSync(pretender, `#!/bin/sh\necho '{"executable": "/usr/bin/python3.8", "version": [3, 8]}'\n`);
    chmodSync(pretender, 0o700);
    const said = await refusal({ env: { QUANT_RUNS_PYTHON: installedPython("3.8") ?? pretender } });
    expect(said).toMatch(/Python 3\.8: QUANT_RUNS_PYTHON .* 3\.9 or later/);
  });
});
