import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { childrenOf, claimOf, isAlive, launcherOf, processesOf, templateOf } from "../support/processes.ts";
import {
  ended,
  fixtures,
  home,
  type Job,
  reached,
  run,
  type ServerOptions,
  send,
  startServer,
  submit,
  type TestServer,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";
import { startWarmServer, withoutOwnModules } from "./warm-server.ts";

const coldly: ServerOptions = { env: { QUANT_RUNS_WARM: "off", QUANT_RUNS_ALLOW_ENV: "TZ" } };

/** A job that runs until its name is called, and the pid of its shim. */
async function begin(server: TestServer): Promise<{ job: string; shim: number; end: () => void }> {
  const job = await submit(server, "patient:waits_for", { name: "end" });
  await reached(server, job, "running");
  const end = () => writeFileSync(join(server.runsDir, job, "end"), "");
  return { job, shim: claimOf(server.runsDir, job).pid, end };
}

/** Waits until jobs are started by a launcher, and not any more by the server itself. */
function launcherAtWork(server: TestServer): Promise<number> {
  return waitFor(async () => {
    const { shim, end } = await begin(server);
    const launcher = Number(launcherOf(server.pid));
    const started = childrenOf(launcher);
    end();
    expect(started).toContain(shim);
    return launcher;
  });
}

test("cold jobs are started by a launcher; killed, it takes none along, and another one comes", async () => {
  const server = await startServer(coldly);
  const launcher = await launcherAtWork(server);
  const { job, shim, end } = await begin(server);
  process.kill(launcher, "SIGKILL");
  await waitFor(() =>
    expect(server.log.join("\n")).toContain("the server starts shims itself: the launcher ended (SIGKILL)"),
  );
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
  expect(isAlive(shim)).toBe(true);
  end();
  expect((await ended(server, job)).status).toBe("completed");
  expect(await launcherAtWork(server)).not.toBe(launcher);
});

test("a job finds around it the same, whether a launcher has forked its shim or the server has executed it", async () => {
  const server = await startServer(coldly);
  const launcher = await launcherAtWork(server);
  const [forked, forkedWithVariables] = [
    await described(server),
    await described(server, { TZ: "Asia/Tokyo" }),
  ];
  process.kill(launcher, "SIGKILL");
  await waitFor(() => expect(server.log.join("\n")).toContain("the server starts shims itself"));
  expect(forked).toEqual(await described(server));
  expect(forkedWithVariables).toEqual(await described(server, { TZ: "Asia/Tokyo" }));
});

async function described(server: TestServer, env = {}): Promise<object> {
  const { result, error } = await run(server, "surroundings:describe", {}, { env });
  expect(error).toBeNull();
  return withoutOwnModules((result as { result: unknown }).result);
}

test("a shim that a launcher starts by itself has the arguments and variables that run-entrypoint gives it", async () => {
  const runDirectory = join(await temporaryFolder(), "20260101-000000-aaaaaaaaaa");
  mkdirSync(runDirectory);
  writeFileSync(join(runDirectory, "job.json"), '{\n"runtime": "python",\n"parameters": {}\n}\n');
  const python = join(runDirectory, "python");
  writeFileSync(python, '#!/bin/sh\nprintf "%s\\n" "$0" "$@"\nenv | sort\n', { mode: 0o755 });
  const script = `import os, sys
sys.path.insert(0, ${JSON.stringify(join(home, "bin", "shims"))})
from quant_runs_shim import executed, order
environment = {b"QUANT_RUNS_PYTHON": sys.argv[2].encode(), b"PATH": os.environb[b"PATH"], b"PYTHONUNBUFFERED": b"", b"ODD": b"\\xff"}
pid = executed.spawn_shim(order.Order(0, sys.argv[1], eval(sys.argv[3])), environment, [])
assert os.waitpid(pid, 0)[1] == 0
`;
  const seen = (runtime: string) =>
    execFileSync("python3", ["-c", script, runDirectory, python, runtime], { encoding: "latin1" });
  expect(seen("'python'")).toContain(`QUANT_RUNS_RUN_DIR=${runDirectory}`);
  expect(seen("'python'")).toBe(seen("None"));
});

test("a launcher ends with its server, however that ends; its jobs do not", async () => {
  const server = await startServer(coldly);
  const launcher = await launcherAtWork(server);
  const { job, shim, end } = await begin(server);
  await server.kill();
  await waitFor(() => expect(isAlive(launcher)).toBe(false));
  expect(isAlive(shim)).toBe(true);
  const next = await startServer({ ...coldly, runsDir: server.runsDir });
  end();
  expect((await ended(next, job)).status).toBe("completed");
  const second = await launcherAtWork(next);
  await next.stop();
  await waitFor(() => expect(isAlive(second)).toBe(false));
});

test("a launcher whose own files are replaced starts no job with the old ones", async () => {
  const copy = await temporaryFolder();
  for (const name of ["bin", "src", "package.json"])
    cpSync(join(home, name), join(copy, name), { recursive: true });
  symlinkSync(join(home, "node_modules"), join(copy, "node_modules"));
  const server = await startServer({ ...coldly, command: [join(copy, "bin", "quant-runs")] });
  const launcher = await launcherAtWork(server);
  const file = join(copy, "bin", "shims", "quant_runs_shim", "ending.py");
  writeFileSync(`${file}.new`, readFileSync(file, "utf8").replace("Exited with code", "Left with code"));
  renameSync(`${file}.new`, file);
  expect((await run(server, "endings:ends_process", { code: 3 })).error).toMatch(/^Left with code 3/);
  expect(await launcherAtWork(server)).not.toBe(launcher);
});

test("jobs are started by a launcher where what was imported ahead makes no template", async () => {
  const server = await startServer({
    env: { QUANT_RUNS_WARM: "on", QUANT_RUNS_PRELOAD: "starts_thread" },
  });
  await launcherAtWork(server);
  expect(templateOf(server.pid)).toBeUndefined();
});

test("a job whose forked shims are killed by what was imported ahead starts cold", async () => {
  const folder = await temporaryFolder();
  const aborts = join(folder, "now");
  const server = await startWarmServer({ env: { QUANT_RUNS_PRELOAD: "aborts_forks", ABORTS_IF: aborts } });
  expect((await run(server, "surroundings:is_warm")).result).toEqual({ result: true });
  writeFileSync(aborts, "");
  const waitsCold = async () => {
    const { result, status } = await run(server, "surroundings:is_warm");
    expect(status).toBe("completed");
    expect(result).toEqual({ result: false });
  };
  await waitFor(waitsCold); // the shims that were forked before are used up first
});

test("a launcher that is stopped holds no job up for ever", async () => {
  const server = await startServer(coldly);
  const launcher = await launcherAtWork(server);
  process.kill(launcher, "SIGSTOP");
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
  expect(isAlive(launcher)).toBe(false);
});

/** A server whose interpreters do at their start what the variable AT_START of a job says, and its launcher at work. */
async function startWithCustomSite(): Promise<TestServer> {
  const folder = await temporaryFolder();
  const site = `import os, signal, sys, time
def hangs():
    open(os.path.join(os.environ["QUANT_RUNS_RUN_DIR"], "hangs"), "w").close()
    time.sleep(600)
def dies(): os.kill(os.getpid(), signal.SIGSEGV)
def exits(): os._exit(3)
def forks():
    if os.fork() == 0: time.sleep(600)
    os._exit(3)
class Lines:
    write = flush = lambda *_: None
def breaks(): sys.stdout = Lines()
def closes(): os.closerange(3, 256)
def works():
    while time.process_time() < 1: pass
globals()[os.environ.get("AT_START", "dict")]() if "AT_START" in os.environ else None
`;
  writeFileSync(join(folder, "sitecustomize.py"), site);
  const env = {
    QUANT_RUNS_WARM: "off",
    QUANT_RUNS_ALLOW_ENV: "AT_START",
    PYTHONPATH: `${folder}:${fixtures}`,
  };
  const server = await startServer({ env });
  await launcherAtWork(server);
  return server;
}

test.each([
  ["dies", /^The job could not be started: its shim was killed by SIG.*/],
  ["exits", /^The job could not be started: its shim exited with code 3/],
  ["forks", /^The job could not be started: its shim exited with code 3/],
  ["breaks", /^The job could not be started: its shim exited with code 1: AttributeError: /],
])("a job whose interpreter %s at its start fails, says so and leaves no process", async (what, sentence) => {
  const server = await startWithCustomSite();
  const { job_id, status, error } = await run(server, "basic:succeeds", {}, { env: { AT_START: what } });
  expect(status).toBe("failed");
  expect(error).toMatch(sentence);
  await waitFor(() => expect(processesOf(server.runsDir, job_id)).toEqual([]));
});

test("a job whose interpreter closes what it was given is run all the same", async () => {
  const server = await startWithCustomSite();
  const { status } = await run(server, "basic:succeeds", {}, { env: { AT_START: "closes" } });
  expect(status).toBe("completed");
});

test("the start of its interpreter is none of the processor time that a job may use", async () => {
  const server = await startWithCustomSite();
  const wish = { env: { AT_START: "works" }, cpu_seconds: 1 };
  const { result } = await run(server, "limits:sees", {}, wish);
  expect((result as { result: { CPU: number[] } }).result.CPU[0]).toBeGreaterThanOrEqual(2);
});

test("a job whose interpreter cannot be executed any more fails, and says so", async () => {
  const folder = await temporaryFolder();
  execFileSync("python3", ["-m", "venv", "--without-pip", folder]);
  const python = join(folder, "bin", "python");
  const server = await startServer({ env: { ...coldly.env, QUANT_RUNS_PYTHON: python } });
  await launcherAtWork(server);
  rmSync(python);
  writeFileSync(python, "this is no program", { mode: 0o755 });
  const { status, error } = await run(server, "basic:succeeds");
  expect(status).toBe("failed");
  expect(error).toContain(`cannot execute ${python}`);
});

/** A job that hangs in its interpreter's start. */
async function beginHanging(server: TestServer): Promise<string> {
  const job = await submit(server, "basic:succeeds", {}, { env: { AT_START: "hangs" } });
  await waitFor(() => expect(existsSync(join(server.runsDir, job, "hangs"))).toBe(true));
  return job;
}

test.each([
  ["a launcher", false],
  ["the server itself", true],
])(
  "a job whose interpreter hangs at its start, by %s, is pending; cancelled, it leaves no process",
  async (_, isDirect) => {
    const server = await startWithCustomSite();
    if (isDirect) {
      process.kill(Number(launcherOf(server.pid)), "SIGKILL");
      await waitFor(() => expect(server.log.join("\n")).toContain("the server starts shims itself"));
    }
    const job = await beginHanging(server);
    expect((await send<Job>(server, `/jobs/${job}`)).body.status).toBe("pending");
    await send(server, `/jobs/${job}/cancel`, {});
    expect((await ended(server, job)).failure?.reason).toBe("cancelled");
    await waitFor(() => expect(processesOf(server.runsDir, job)).toEqual([]));
  },
);
