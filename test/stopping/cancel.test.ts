import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimOf, exitOf, processesOf } from "../support/processes.ts";
import {
  ended,
  type Job,
  reached,
  run,
  send,
  startServer,
  submit,
  type TestServer,
  waitFor,
} from "../support/server.ts";

function cancel(server: TestServer, jobId: string) {
  return send<Job & { detail?: string }>(server, `/jobs/${jobId}/cancel`, {});
}

/** Submits a callable of `stubborn` and waits until it has said that it is ready. */
async function readyJob(server: TestServer, name: string, limits: object = {}): Promise<string> {
  const answer = await send<Job>(server, "/jobs", { entrypoint: `stubborn:${name}`, ...limits });
  const log = join(server.runsDir, answer.body.job_id, "stdout.log");
  await waitFor(() => expect(readFileSync(log, "utf8")).toContain("ready"));
  return answer.body.job_id;
}

test("a running job gets SIGTERM and ends as cancelled, with a receipt", async () => {
  const server = await startServer();
  const jobId = await readyJob(server, "sleeps");
  const answer = await cancel(server, jobId);
  expect(answer.status).toBe(202);
  const job = await ended(server, jobId);
  expect(job).toMatchObject({
    status: "failed",
    failure: { reason: "cancelled", signal: "SIGTERM", exit_code: null },
  });
  expect(job.error).toMatch(/^Cancelled by client 127\.0\.0\.1 after \d+\.\d s$/);
  expect(job.termination).toMatchObject({
    reason: "cancelled",
    requested_by: "client 127.0.0.1",
    processes: 1,
    survivors: 0,
  });
  expect(job.termination?.signals.map(({ signal }) => signal)).toEqual(["SIGTERM"]);
  expect(exitOf(server.runsDir, jobId)).toMatchObject({
    status: "failed",
    failure: job.failure,
    termination: job.termination,
  });
});

test("a tree of processes that ignore SIGTERM, left the session or double forked is gone after the grace", async () => {
  const server = await startServer();
  const jobId = await readyJob(server, "forks_tree", { cancel_grace_seconds: 0.2 });
  await waitFor(() => expect(processesOf(server.runsDir, jobId)).toHaveLength(15));
  await cancel(server, jobId);
  const job = await ended(server, jobId);
  expect(job.failure).toMatchObject({ reason: "cancelled", signal: "SIGKILL" });
  expect(job.termination?.signals.map(({ signal }) => signal)).toEqual(["SIGTERM", "SIGKILL"]);
  expect(job.termination).toMatchObject({ processes: 14, survivors: 0 });
  await waitFor(() => expect(processesOf(server.runsDir, jobId)).toEqual([]));
});

test("a job that answers within its grace is cancelled all the same", async () => {
  const server = await startServer();
  const jobId = await readyJob(server, "ends_politely");
  await cancel(server, jobId);
  const { failure } = await ended(server, jobId);
  expect(failure).toMatchObject({ reason: "cancelled", exit_code: 1, type: "InterruptedError" });
});

test("cancelling again while it is under way changes nothing", async () => {
  const server = await startServer();
  const jobId = await readyJob(server, "ignores_term", { cancel_grace_seconds: 1 });
  const answers = await Promise.all([1, 2, 3, 4].map(() => cancel(server, jobId)));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  const job = await ended(server, jobId);
  expect(job.termination?.signals.map(({ signal }) => signal)).toEqual(["SIGTERM", "SIGKILL"]);
});

test("a waiting job ends at once and never starts", async () => {
  const server = await startServer({ args: ["--concurrency", "1"] });
  const running = await readyJob(server, "sleeps");
  const waiting = await submit(server, "basic:succeeds");
  const answer = await cancel(server, waiting);
  expect(answer.status).toBe(202);
  expect(answer.body).toMatchObject({ status: "failed", started_at: null, failure: { reason: "cancelled" } });
  await cancel(server, running);
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
  expect((await send<Job>(server, `/jobs/${waiting}`)).body).toMatchObject({
    status: "failed",
    started_at: null,
  });
});

test("an ended job cannot be cancelled, and one nobody knows is not found", async () => {
  const server = await startServer();
  const { job_id } = await run(server, "basic:succeeds");
  const refused = await cancel(server, job_id);
  expect(refused.status).toBe(409);
  expect(refused.body.detail).toContain("ended");
  expect((await cancel(server, "20260101-000000-aaaaaaaaaa")).status).toBe(404);
  expect((await cancel(server, "..%2f..%2fetc")).status).toBe(404);
});

test("a cancel goes on though the server is killed in the middle of it", async () => {
  const server = await startServer();
  const jobId = await readyJob(server, "ignores_term", { cancel_grace_seconds: 0.5 });
  await cancel(server, jobId);
  await server.kill();
  const { failure, completed_at } = await waitFor(() => exitOf(server.runsDir, jobId));
  expect(failure).toMatchObject({ reason: "cancelled" });
  const next = await startServer({ runsDir: server.runsDir });
  expect(await ended(next, jobId)).toMatchObject({ status: "failed", failure, completed_at });
});

test("a wish that was written but not told is taken up by the next server", async () => {
  const server = await startServer();
  const jobId = await readyJob(server, "sleeps");
  const { pid } = claimOf(server.runsDir, jobId);
  process.kill(pid, "SIGSTOP");
  await cancel(server, jobId);
  await server.kill();
  process.kill(pid, "SIGCONT");
  const next = await startServer({ runsDir: server.runsDir });
  expect((await ended(next, jobId)).failure?.reason).toBe("cancelled");
});

test("a job whose shim is stopped, again and again, is cancelled all the same", async () => {
  const server = await startServer();
  const jobId = await readyJob(server, "stops_shim");
  await reached(server, jobId, "running");
  await cancel(server, jobId);
  expect((await ended(server, jobId)).failure?.reason).toBe("cancelled");
});

test("a job that has deleted its FIFO is cancelled through its shim's proven identity", async () => {
  const server = await startServer();
  const jobId = await readyJob(server, "sleeps");
  await reached(server, jobId, "running");
  rmSync(join(server.runsDir, jobId, "alive"));
  await cancel(server, jobId);
  expect((await ended(server, jobId)).failure?.reason).toBe("cancelled");
});

test("SIGTERM to the shim cancels the job", async () => {
  const server = await startServer();
  const jobId = await readyJob(server, "sleeps");
  process.kill(claimOf(server.runsDir, jobId).pid, "SIGTERM");
  const job = await ended(server, jobId);
  expect(job).toMatchObject({
    failure: { reason: "cancelled" },
    termination: { requested_by: "a signal to the shim" },
  });
});

test("a job whose processes fork as long as they live is gone after a cancel, and the server answers meanwhile", async () => {
  const server = await startServer();
  const jobId = await readyJob(server, "forks_on", { cancel_grace_seconds: 0 });
  await waitFor(() => expect(processesOf(server.runsDir, jobId).length).toBeGreaterThan(20));
  expect((await send(server, "/health")).status).toBe(200);
  expect((await cancel(server, jobId)).status).toBe(202);
  const job = await ended(server, jobId);
  expect(job).toMatchObject({ failure: { reason: "cancelled" }, termination: { survivors: 0 } });
  expect(processesOf(server.runsDir, jobId)).toEqual([]);
});
