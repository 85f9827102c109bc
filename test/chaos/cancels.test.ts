import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { exitOf, processesOf } from "../support/processes.ts";
import { ended, type Job, run, send, startServer, submit, waitFor } from "../support/server.ts";
import { patience, scale } from "./scale.ts";

test(`${scale.cancels} cancels at random moments: one ending each, no slot kept, no process left`, {
  timeout: patience,
}, async () => {
  const server = await startServer({ args: ["--concurrency", "4"] });
  const told = { cancelled: 0, completed: 0 };
  const cancelOne = async () => {
    const jobId = await submit(server, "basic:succeeds_after", { seconds: Math.random() * 0.15 });
    await setTimeout(Math.random() * 300);
    const answer = await send<Job>(server, `/jobs/${jobId}/cancel`, {});
    const job = await ended(server, jobId);
    if (job.status === "completed") told.completed++;
    else told.cancelled++;
    expect([202, 409]).toContain(answer.status);
    if (answer.status === 409) expect(job.status).toBe("completed");
    expect(job.status === "completed" ? "completed" : job.failure?.reason).toMatch(/^(completed|cancelled)$/);
    if (job.started_at !== null) {
      const { status, failure } = exitOf(server.runsDir, jobId);
      expect({ status, failure }).toEqual({ status: job.status, failure: job.failure });
    }
    await waitFor(() => expect(processesOf(server.runsDir, jobId)).toEqual([]));
    expect(await ended(server, jobId)).toEqual(job);
  };
  for (let done = 0; done < scale.cancels; done += 10)
    await Promise.all(Array.from({ length: 10 }, cancelOne));
  expect(told.cancelled).toBeGreaterThan(0);
  expect((await send(server, "/health")).body.active_jobs).toBe(0);
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
});
