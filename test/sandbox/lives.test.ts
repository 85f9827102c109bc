import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pidHere } from "../../src/processes/pid-here.ts";
import { readStat } from "../../src/processes/process-stat.ts";
import { readClaim } from "../../src/runs/claim.ts";
import { exitOf, processesOf } from "../support/processes.ts";
import { maskedText } from "../support/readme.ts";
import {
  ended,
  type Job,
  reached,
  run,
  send,
  startServer,
  submit,
  type TestServer,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";
import { inSandbox, needBubblewrap, startSandboxed } from "./sandboxed.ts";

needBubblewrap();

/** A running job that waits for a file, and what makes the file. */
async function waitingJob(
  entrypoint = "basic:waits_for_file",
): Promise<{ server: TestServer; jobId: string; go: () => void }> {
  const folder = await temporaryFolder();
  const server = await startSandboxed({ env: { QUANT_RUNS_SANDBOX_WRITE: folder } });
  const path = join(folder, "go");
  const jobId = await submit(server, entrypoint, { path });
  await reached(server, jobId, "running");
  return { server, jobId, go: () => writeFileSync(path, "") };
}

/** The shim's pid outside of its sandbox. */
async function shimOf({ runsDir }: TestServer, jobId: string): Promise<number> {
  const claim = await readClaim(join(runsDir, jobId));
  if (typeof claim !== "object" || claim.holder !== "shim") throw new Error(`no shim has job ${jobId}`);
  expect(claim.pid).toBe(1);
  const pid = await pidHere(claim);
  if (pid === undefined) throw new Error(`the shim of job ${jobId} cannot be seen`);
  return pid;
}

test.each([
  ["basic:succeeds", { status: "completed", failure: null }],
  ["endings:raises", { failure: { reason: "exception", exit_code: 1 } }],
  ["endings:segfaults", { failure: { reason: "crashed", signal: "SIGSEGV" } }],
  ["endings:aborts", { failure: { reason: "crashed", signal: "SIGABRT" } }],
  ["endings:replaces_process", { failure: { exit_code: 7, signal: null } }],
])("%s ends as it would without a sandbox", async (entrypoint, ending) => {
  const [sandboxed, plain] = [
    await startSandboxed(),
    await startServer({ env: { ...inSandbox, QUANT_RUNS_SANDBOX: "none" } }),
  ];
  const [job, other] = [await run(sandboxed, entrypoint), await run(plain, entrypoint)];
  expect(job).toMatchObject(ending);
  const told = ({ error, failure }: Job) => ({ error: maskedText(String(error)), failure });
  expect(told(job)).toEqual(told(other));
});

test("a job is cancelled, with every process it has started", async () => {
  const server = await startSandboxed();
  const { body } = await send<Job>(server, "/jobs", {
    entrypoint: "stubborn:forks_tree",
    cancel_grace_seconds: 0.2,
  });
  await waitFor(() => expect(processesOf(server.runsDir, body.job_id)).toHaveLength(15));
  await send(server, `/jobs/${body.job_id}/cancel`, {});
  const job = await ended(server, body.job_id);
  expect(job.failure).toMatchObject({ reason: "cancelled", signal: "SIGKILL" });
  await waitFor(() => expect(processesOf(server.runsDir, body.job_id)).toEqual([]));
});

test("a job is stopped at its time limit", async () => {
  const server = await startSandboxed();
  const { body } = await send<Job>(server, "/jobs", { entrypoint: "stubborn:sleeps", timeout_seconds: 0.5 });
  expect(await ended(server, body.job_id)).toMatchObject({
    failure: { reason: "timeout", signal: "SIGTERM" },
  });
});

test("what a job leaves running ends with it, though strays may go on elsewhere", async () => {
  const server = await startSandboxed({ env: { QUANT_RUNS_KEEP_STRAYS: "1" } });
  const { job_id } = await run(server, "stubborn:leaves_strays");
  await waitFor(() => expect(processesOf(server.runsDir, job_id)).toEqual([]));
});

test("a job outlives its server's kill, and the next one adopts it", async () => {
  const { server, jobId, go } = await waitingJob();
  await server.kill();
  const next = await startSandboxed({ runsDir: server.runsDir });
  expect((await send<Job>(next, `/jobs/${jobId}`)).body.status).toBe("running");
  go();
  expect((await ended(next, jobId)).result).toEqual({ result: "found" });
});

test("a job that was adopted can be cancelled", async () => {
  const { server, jobId } = await waitingJob();
  await server.kill();
  const next = await startSandboxed({ runsDir: server.runsDir });
  await send(next, `/jobs/${jobId}/cancel`, {});
  expect((await ended(next, jobId)).failure).toMatchObject({ reason: "cancelled", signal: "SIGTERM" });
});

test("a job that ends while no server lives has its true ending", async () => {
  const { server, jobId, go } = await waitingJob();
  await server.kill();
  go();
  const { status, completed_at } = await waitFor(() => exitOf(server.runsDir, jobId));
  const next = await startSandboxed({ runsDir: server.runsDir });
  expect(await ended(next, jobId)).toMatchObject({ status, completed_at, result: { result: "found" } });
});

test("the end of bwrap outside of the sandbox concerns no job", async () => {
  const { server, jobId, go } = await waitingJob();
  const shim = await shimOf(server, jobId);
  const outside = (await readStat(shim))?.parent;
  process.kill(Number(outside), "SIGKILL");
  await waitFor(async () => expect((await readStat(shim))?.parent).not.toBe(outside));
  go();
  expect((await ended(server, jobId)).result).toEqual({ result: "found" });
});

test("a job whose shim is killed is lost, and nothing of it is left", async () => {
  const { server, jobId } = await waitingJob();
  process.kill(await shimOf(server, jobId), "SIGKILL");
  expect(await ended(server, jobId)).toMatchObject({ status: "failed", failure: { reason: "lost" } });
  await waitFor(() => expect(processesOf(server.runsDir, jobId)).toEqual([]));
});

test("a job cannot kill its own shim", async () => {
  const server = await startSandboxed();
  const { body } = await send<Job>(server, "/jobs", {
    entrypoint: "stubborn:kills_shim",
    timeout_seconds: 1,
  });
  expect((await ended(server, body.job_id)).failure).toMatchObject({ reason: "timeout" });
});

test("a job that has deleted the FIFO of its shim is still known to run, and can be cancelled", async () => {
  const { server, jobId } = await waitingJob("attempts:deletes_fifo_and_waits");
  const log = join(server.runsDir, jobId, "stdout.log");
  await waitFor(() => expect(readFileSync(log, "utf8")).toContain("waiting"));
  await server.kill();
  const next = await startSandboxed({ runsDir: server.runsDir });
  expect((await send<Job>(next, `/jobs/${jobId}`)).body.status).toBe("running");
  await send(next, `/jobs/${jobId}/cancel`, {});
  expect((await ended(next, jobId)).failure).toMatchObject({ reason: "cancelled" });
});

test("a runs directory may be reached by a link", async () => {
  const link = join(await temporaryFolder(), "link");
  symlinkSync(await temporaryFolder(), link);
  const server = await startSandboxed({ runsDir: link });
  expect((await run(server, "basic:returns_nothing")).status).toBe("completed");
});

test("what a running job uses is counted from outside of its sandbox", async () => {
  const { server, jobId } = await waitingJob();
  const { usage } = (await send<Job>(server, `/jobs/${jobId}`)).body;
  expect(usage).toMatchObject({ processes: 1, memory_bytes: expect.any(Number) });
});

test("a job whose run directory is removed outside leaves no process behind and gives its slot back", async () => {
  const { server, jobId, go } = await waitingJob();
  rmSync(join(server.runsDir, jobId), { recursive: true });
  go();
  await waitFor(() => expect(processesOf(server.runsDir, jobId)).toEqual([]));
  await waitFor(async () => expect((await send(server, `/jobs/${jobId}`)).status).toBe(404));
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
});
