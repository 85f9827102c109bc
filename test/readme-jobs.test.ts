import { constants, readFileSync } from "node:fs";
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { Failure } from "../src/jobs/failure.ts";
import { noLimits } from "../src/jobs/limits.ts";
import { parseExact } from "../src/json.ts";
import { createRunDirectory } from "../src/runs/accept.ts";
import { observe } from "../src/runs/observe.ts";
import { eventsFolder, fileNames, runDirectory, unfinishedPrefix } from "../src/runs/run-directory.ts";
import { defaultPython } from "../src/runtimes/python.ts";
import { claimOf, exitOf, processesOf } from "./support/processes.ts";
import { bare, codeIn, maskedText, saveModules, section, table, withoutBlocks } from "./support/readme.ts";
import {
  ended,
  fixtures,
  home,
  type Job,
  reached,
  run,
  send,
  sharedServer,
  startServer,
  submit,
  temporaryFolder,
  waitFor,
} from "./support/server.ts";

const bootId = () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** When this process was started, field 22 of proc_pid_stat(5). */
const startTime = () => Number(readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ")[19]);

const aRequest = {
  created_at: "2026-01-01T00:00:00.000000+00:00",
  runtime: "python",
  labels: {},
  submitted_by: null,
  submission: null,
  env: {},
  entrypoint: "basic:succeeds",
  limits: noLimits,
  parameters: "{}",
};

/** Where the README's modules stand, and the server in whose working directory they are. */
const folder = await mkdtemp(join(tmpdir(), "quant-runs-test-"));
await saveModules(folder);
afterAll(() => rm(folder, { recursive: true }));

const python = defaultPython(process.env, home);
const hasPandas = !(await execa(python, ["-c", "import numpy, pandas"], { reject: false })).failed;

/** A server of one slot, so that the second job waits. */
const server = sharedServer({
  cwd: folder,
  env: {
    PYTHONPATH: [fixtures, join(fixtures, "readme")].join(":"),
    QUANT_RUNS_PYTHON: python,
    QUANT_RUNS_CONCURRENCY: "1",
  },
});

const filesOf = async (jobId: string) => (await readdir(runDirectory(server().runsDir, jobId))).toSorted();

test.each(table("entrypoint", "what happens", 'result of `{"symbol": "EURUSD"}`'))(
  "%s can be called: %s",
  async (entrypoint, _how, result) => {
    const job = await run(server(), bare(entrypoint), { symbol: "EURUSD" });
    expect(job.result).toEqual({ result: JSON.parse(bare(result)) });
  },
);

describe("results", () => {
  const rows = table("Python", "JSON", "note");
  const needsPandas = ([expression]: string[]) => /\b(np|pd)\./.test(String(expression));
  const check = async (expression: string | undefined, json: string | undefined) => {
    const { job_id } = await run(server(), "forms:evaluate", { expression: bare(expression) });
    const { text } = await send(server(), `/jobs/${job_id}`);
    const { result } = parseExact(text) as { result: { result: unknown } | null };
    expect(JSON.stringify(result?.result ?? null)).toBe(JSON.stringify(parseExact(bare(json))));
    return job_id;
  };

  test.each(rows.filter((row) => !needsPandas(row)))("%s becomes %s", async (expression, json) => {
    const jobId = await check(expression, json);
    expect((await filesOf(jobId)).includes("result.json")).toBe(bare(expression) !== "None");
  });

  test.skipIf(!hasPandas).each(rows.filter(needsPandas))("%s becomes %s", async (expression, json) => {
    await check(expression, json);
  });

  test("one of more than 1 MiB is to be fetched", async () => {
    const expression = "'x' * 1024 * 1024";
    const job = await run(server(), "forms:evaluate", { expression });
    const said = codeIn(String(section("Parameters and results").split("more than 1 MiB")[1]));
    expect(said).toEqual(["result", "result_bytes", "result_url"]);
    expect(job).toMatchObject({ status: "completed", result: null });
    const { text } = await send(server(), String(job.result_url));
    expect(text).toHaveLength(Number(job.result_bytes));
    expect(JSON.parse(text).result).toHaveLength(1024 * 1024);
  });
});

describe("failures", () => {
  const rows = table("entrypoint", "`reason`", "`exit_code`", "`signal`", "`error`");

  test.each(rows)("%s fails with the reason %s", async (entrypoint, reason, exit_code, signal, error) => {
    const job = await run(server(), bare(entrypoint));
    expect(maskedText(String(job.error))).toBe(maskedText(String(error)));
    const { failure } = job;
    expect([failure?.reason, String(failure?.exit_code), String(failure?.signal)]).toEqual(
      [reason, exit_code, signal].map(bare),
    );
  });

  test("every reason is told", () => {
    const others = /Other reasons are .*?:/s.exec(section("When a job fails"));
    const told = [...rows.map((row) => bare(row[1])), ...codeIn(String(others))];
    expect([...new Set(told)].toSorted()).toEqual(Failure.shape.reason.options.toSorted());
  });

  test("a process has as long to exit as its shim gives it", async () => {
    const watch = await readFile(join(home, "bin", "shims", "quant_runs_shim", "watch.py"), "utf8");
    const seconds = Number(/^SECONDS_TO_EXIT = ([\d.]+)$/m.exec(watch)?.[1]);
    expect(section("What a callable can be")).toContain(`has ${seconds} s to exit`);
  });
});

describe("stopping", () => {
  const text = withoutBlocks(section("Stopping a job")).replaceAll("\n", " ");
  const said = codeIn(text).map(maskedText);

  /** A job that runs, with these limits. */
  const working = async (limits: object = {}) => {
    const answer = await send<Job>(server(), "/jobs", { entrypoint: "patient:works", ...limits });
    await reached(server(), answer.body.job_id, "running", "failed");
    return answer.body.job_id;
  };
  const cancel = (jobId: string) => send(server(), `/jobs/${jobId}/cancel`, {});
  /** How a job ended, after which the README's words are looked for. */
  const expectTold = async (jobId: string, reason: string) => {
    const job = await ended(server(), jobId);
    expect(job.failure?.reason).toBe(reason);
    expect(said).toEqual(expect.arrayContaining([reason, maskedText(String(job.error))]));
  };

  test("before the start says so", async () => {
    const first = await working();
    const second = await submit(server(), "patient:works");
    await cancel(second);
    await cancel(first);
    await expectTold(second, "cancelled");
    expect((await ended(server(), first)).termination?.survivors).toBe(0);
  });

  test("by a deadline names it", async () => {
    await expectTold(await working({ timeout_seconds: 2 }), "timeout");
  });

  test("by a signal to the shim names it", async () => {
    const jobId = await working();
    process.kill(claimOf(server().runsDir, jobId).pid, "SIGTERM");
    await expectTold(jobId, "cancelled");
  });
});

/** The reason that the operators' table gives for what befell a job. */
function reasonFor(event: string): string | undefined {
  const rows = table("what happens", "what becomes of the jobs");
  return codeIn(String(rows.find(([what]) => what === event)?.[1]))[0];
}

describe("for operators", () => {
  test("a killed shim takes its job along", async () => {
    const jobId = await submit(server(), "patient:works");
    await reached(server(), jobId, "running");
    process.kill(claimOf(server().runsDir, jobId).pid, "SIGKILL");
    expect((await ended(server(), jobId)).failure?.reason).toBe(reasonFor("shim killed"));
    await waitFor(() => expect(processesOf(server().runsDir, jobId)).toEqual([]));
  });

  test("a killed process is the end of its own job", async () => {
    const { failure } = await run(server(), "failing:is_killed");
    expect(failure?.reason).toBe(reasonFor("a job's process killed"));
    expect((await run(server(), "basic:succeeds")).status).toBe("completed");
  });
});

test("a job that is lost says why", async () => {
  const runsDir = await temporaryFolder();
  const here = { start_time_ticks: 1, boot_id: bootId(), host: hostname() };
  const claims = [
    { ...here, pid: 1 },
    { ...here, pid: 1, boot_id: "another" },
    { ...here, pid: 1, host: "another" },
  ].map((identity) => ({ version: 1, holder: "shim", claimed_at: "2026-01-01T00:00:00+00:00", ...identity }));
  const texts = [...claims.map((claim) => `${JSON.stringify(claim)}\n`), "damaged"];
  const ids = texts.map((_, index) => `20260101-000000-000000000${index}`);
  for (const [index, job_id] of ids.entries()) {
    const directory = await createRunDirectory(runsDir, { ...aRequest, job_id }, "process");
    await writeFile(join(directory, fileNames.claim), String(texts[index]));
    await execa("mkfifo", [join(directory, fileNames.alive)]);
  }
  const one = await startServer({ runsDir });
  const jobs = await Promise.all(ids.map((id) => ended(one, id)));
  const errors = jobs.map(({ error }) => error?.split(/[;,]/)[0]);
  for (const { failure } of jobs) expect(failure?.reason).toBe(reasonFor("machine rebooted"));
  const told = /says why: (.*?)\. /s.exec(section("The life of a job").replaceAll("\n", " "))?.[1];
  expect(codeIn(String(told))).toEqual(errors);
});

describe("the run directory", () => {
  const rows = table("file", "written by", "there once the job is", "while it is absent");
  const namesFrom = (...times: string[]) =>
    rows
      .filter(([, , time]) => times.includes(String(time)))
      .map(([name]) => bare(name))
      .toSorted();

  test("holds each file from when the table says", async () => {
    expect(rows.map(([name]) => bare(name)).toSorted()).toEqual(Object.values(fileNames).toSorted());
    const path = join(await temporaryFolder(), "go");
    const first = await submit(server(), "basic:waits_for_file", { path });
    const second = await submit(server(), "failing:raises");
    await reached(server(), first, "running");
    await waitFor(async () => expect(await filesOf(first)).toEqual(namesFrom("accepted", "started")));
    const waiting = await filesOf(second);
    await writeFile(path, "");
    await ended(server(), first);
    await ended(server(), second);
    expect(waiting).toEqual(namesFrom("accepted"));
    expect(await filesOf(first)).toEqual(namesFrom("accepted", "started", "completed", "ended"));
    expect(await filesOf(second)).toEqual(namesFrom("accepted", "started", "ended"));
    const third = await submit(server(), "patient:works");
    await reached(server(), third, "running");
    await send(server(), `/jobs/${third}/cancel`, {});
    await ended(server(), third);
    expect(await filesOf(third)).toEqual(namesFrom("accepted", "started", "cancelled", "ended"));
  });

  test("has an exit.json of these fields", async () => {
    const { job_id } = await run(server(), "basic:succeeds");
    const said = /^`exit\.json` repeats .*?\.\n\n/ms.exec(section("The run directory"))?.[0];
    const fields = Object.keys(exitOf(server().runsDir, job_id));
    expect(codeIn(String(said)).toSorted()).toEqual([...fields, "exit.json"].toSorted());
  });

  test("stands beside what the server keeps for itself", async () => {
    expect(codeIn(section("The run directory"))).toEqual(
      expect.arrayContaining([".lock", `${eventsFolder}/`, unfinishedPrefix]),
    );
    const own = (await readdir(server().runsDir)).filter((name) => name.startsWith("."));
    expect(own.toSorted()).toEqual([eventsFolder, ".lock"]);
  });

  test("is written in the order that a new runtime is told", async () => {
    const order = /writes in this order: (.*?)\. /s.exec(section("Adding a runtime"))?.[1];
    const names: readonly string[] = Object.values(fileNames);
    const steps = codeIn(String(order)).filter((name) => names.includes(name));
    const lasting = steps.filter((name, index) => !steps.includes(name, index + 1));
    const { job_id } = await run(server(), "basic:succeeds");
    const dated = lasting.map(async (name) => {
      const { ctimeNs } = await stat(join(runDirectory(server().runsDir, job_id), name), { bigint: true });
      return { name, ctimeNs };
    });
    const sorted = (await Promise.all(dated)).toSorted((a, b) => Number(a.ctimeNs - b.ctimeNs));
    expect(sorted.map(({ name }) => name)).toEqual(lasting);
    expect(steps).toEqual(["alive", "claim", "status.json", "result.json", "exit.json", "status.json"]);
  });
});

describe("what the disk and the kernel say of a job", () => {
  const rows = table("`claim`", "`alive`", "`exit.json`", "the job is");
  const either = (cell: string | undefined, all: readonly string[]) =>
    cell === "any" ? all : [String(cell)];
  const cases = rows.flatMap(([claims, alive, exit, says]) =>
    String(claims)
      .split(" or ")
      .flatMap((claim) =>
        either(alive, ["held open", "let go"]).flatMap((alive) =>
          either(exit, ["there", "none"]).map((exit) => ({
            claim,
            alive,
            exit,
            kind: String(says).split(":")[0],
          })),
        ),
      ),
  );

  test("is told for every case", () => {
    expect(cases.map(({ claim, alive, exit }) => `${claim}, ${alive}, ${exit}`)).toEqual([
      ...new Set(cases.map(({ claim, alive, exit }) => `${claim}, ${alive}, ${exit}`)),
    ]);
    expect(cases).toHaveLength(4 * 2 * 2);
  });

  test.each(cases)("claim: $claim, alive: $alive, exit.json: $exit means $kind", async (given) => {
    const directory = await temporaryFolder();
    const shim = { holder: "shim", claimed_at: "", pid: 1, start_time_ticks: 1, boot_id: "", host: "" };
    const ending = {
      status: "failed",
      started_at: null,
      completed_at: "",
      error: "",
      failure: null,
      result_bytes: null,
    };
    const claims: Record<string, object> = {
      "the shim's": shim,
      "the server's": { holder: "server", claimed_at: "", ending },
    };
    const claim = claims[String(given.claim)];
    await writeFile(join(directory, fileNames.job), "{}");
    if (given.claim === "damaged") await writeFile(join(directory, fileNames.claim), "{");
    if (claim) await writeFile(join(directory, fileNames.claim), `${JSON.stringify(claim, null, 2)}\n`);
    if (given.exit === "there") await writeFile(join(directory, fileNames.exit), JSON.stringify(ending));
    const fifo = join(directory, fileNames.alive);
    await execa("mkfifo", [fifo]);
    const held =
      given.alive === "held open" ? await open(fifo, constants.O_RDWR | constants.O_NONBLOCK) : undefined;
    expect((await observe(directory)).kind).toBe(given.kind);
    await held?.close();
  });

  test("is asked of the process where the FIFO is gone, and of no job where there is no job.json", async () => {
    const runsDir = await temporaryFolder();
    const directory = runDirectory(runsDir, "some-job");
    await mkdir(join(runsDir, eventsFolder));
    await mkdir(directory);
    expect((await observe(directory)).kind).toBe("gone");
    await writeFile(join(directory, fileNames.status), "{}");
    expect((await observe(directory)).kind).toBe("original");
    const identity = { pid: process.pid, start_time_ticks: startTime(), boot_id: bootId(), host: hostname() };
    const told = /names decides: (.*?) must agree/.exec(section("The life of a job"))?.[1];
    expect(told).toBe("pid, start time, boot and host");
    const kinds = [];
    for (const wrong of [
      {},
      { pid: 1 },
      { start_time_ticks: 1 },
      { boot_id: "another" },
      { host: "another" },
    ]) {
      const claim = { holder: "shim", claimed_at: "", ...identity, ...wrong };
      await writeFile(join(directory, fileNames.claim), `${JSON.stringify(claim, null, 2)}\n`);
      kinds.push((await observe(directory)).kind);
    }
    expect(kinds).toEqual(["running", "lost", "lost", "lost", "lost"]);
  });
});
