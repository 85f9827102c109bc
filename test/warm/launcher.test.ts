import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { childrenOf, claimOf, isAlive, launcherOf, templateOf } from "../support/processes.ts";
import {
  ended,
  home,
  reached,
  run,
  type ServerOptions,
  startServer,
  submit,
  type TestServer,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";
import { startWarmServer } from "./warm-server.ts";

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
