import { expect, onTestFinished, test } from "vitest";
import { claimOf, exitOf, processesOf } from "../support/processes.ts";
import { ended, reached, run, startServer, submit, waitFor } from "../support/server.ts";

test("what a job left running ends with it and is counted", async () => {
  const server = await startServer();
  const job = await run(server, "stubborn:leaves_strays");
  expect(job).toMatchObject({ status: "completed", result: { result: "returned" } });
  expect(exitOf(server.runsDir, job.job_id)).toMatchObject({ strays_ended: 3 });
  await waitFor(() => expect(processesOf(server.runsDir, job.job_id)).toEqual([]));
});

test("strays go on where they are wanted", async () => {
  const server = await startServer({ env: { QUANT_RUNS_KEEP_STRAYS: "1" } });
  const job = await run(server, "stubborn:leaves_strays");
  const strays = processesOf(server.runsDir, job.job_id);
  onTestFinished(() => strays.forEach((pid) => void process.kill(pid, "SIGKILL")));
  expect(strays).toHaveLength(3);
  expect(exitOf(server.runsDir, job.job_id)).toMatchObject({ status: "completed", strays_ended: 0 });
});

test.each(["sleeps", "forks_tree"])(
  "killing the shim of a job that %s takes all of it along, and it is lost",
  async (name) => {
    const server = await startServer();
    const jobId = await submit(server, `stubborn:${name}`);
    await reached(server, jobId, "running");
    process.kill(claimOf(server.runsDir, jobId).pid, "SIGKILL");
    const job = await ended(server, jobId);
    expect(job).toMatchObject({
      status: "failed",
      failure: { reason: "lost", exit_code: null, signal: null },
    });
    expect(job.error).toContain("The shim was killed");
    await waitFor(() => expect(processesOf(server.runsDir, jobId)).toEqual([]));
  },
);

test("a job that kills its own shim is lost", async () => {
  const server = await startServer();
  const job = await run(server, "stubborn:kills_shim");
  expect(job).toMatchObject({ status: "failed", failure: { reason: "lost" } });
});
