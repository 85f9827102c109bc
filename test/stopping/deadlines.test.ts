import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimOf, exitOf } from "../support/processes.ts";
import { ended, type Job, send, startServer, type TestServer, waitFor } from "../support/server.ts";

async function submitWith(server: TestServer, body: object): Promise<string> {
  return (await send<Job>(server, "/jobs", body)).body.job_id;
}

test("a job beyond its timeout_seconds is stopped, and the stacks of all its threads are in stderr.log", async () => {
  const server = await startServer();
  const jobId = await submitWith(server, { entrypoint: "stubborn:waits_in_threads", timeout_seconds: 2.5 });
  const job = await ended(server, jobId);
  expect(job).toMatchObject({ status: "failed", failure: { reason: "timeout" } });
  expect(job.error).toMatch(/^Stopped at its limit timeout_seconds = 2\.5 after \d+\.\d s$/);
  expect(job.termination?.signals.map(({ signal }) => signal)).toEqual(["SIGQUIT", "SIGTERM"]);
  const log = readFileSync(join(server.runsDir, jobId, "stderr.log"), "utf8");
  expect(log.match(/stubborn\.py", line \d+ in (sleeps|waits_in_threads)/g)).toHaveLength(2);
});

test("a job that is silent longer than its silence_timeout_seconds is stopped, one that speaks is not", async () => {
  const server = await startServer();
  const parameters = { lines: 14, pause: 0.25 };
  const limits = { silence_timeout_seconds: 3 };
  const jobId = await submitWith(server, { entrypoint: "stubborn:is_silent_after", parameters, ...limits });
  const job = await ended(server, jobId);
  expect(job.error).toContain("silence_timeout_seconds = 3");
  expect(job.failure?.reason).toBe("timeout");
  expect(readFileSync(join(server.runsDir, jobId, "stdout.log"), "utf8")).toBe(
    "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n",
  );
});

test("a deadline holds while no server lives", async () => {
  const server = await startServer();
  const jobId = await submitWith(server, { entrypoint: "stubborn:sleeps", timeout_seconds: 2 });
  await waitFor(() => claimOf(server.runsDir, jobId));
  await server.kill();
  await waitFor(() =>
    expect(exitOf(server.runsDir, jobId)).toMatchObject({ failure: { reason: "timeout" } }),
  );
});

test("the server's default applies where a job names no limit", async () => {
  const server = await startServer({ env: { QUANT_RUNS_DEFAULT_TIMEOUT_SECONDS: "0.5" } });
  const jobId = await submitWith(server, { entrypoint: "stubborn:sleeps" });
  expect((await ended(server, jobId)).error).toContain("timeout_seconds = 0.5");
});

test.each([
  ["timeout_seconds", 0],
  ["timeout_seconds", -1],
  ["timeout_seconds", "5"],
  ["timeout_seconds", 1e9],
  ["silence_timeout_seconds", 0],
  ["cancel_grace_seconds", -0.1],
  ["cancel_grace_seconds", 3601],
])("%s = %j is refused, naming the field", async (field, value) => {
  const server = await startServer();
  const answer = await send(server, "/jobs", { entrypoint: "basic:succeeds", [field]: value });
  expect(answer.status).toBe(422);
  expect(answer.body.errors).toMatchObject([{ field: `body.${field}` }]);
});
