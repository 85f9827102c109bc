import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { childrenOf, claimOf, isAlive, launcherOf, templateOf } from "../support/processes.ts";
import {
  ended,
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
