import type { Events } from "../events.ts";
import type { Job } from "../jobs/job.ts";
import { isTerminal } from "../jobs/status.ts";
import type { JobIndex } from "./job-index.ts";

/** Waits until a job has ended or is gone, so many seconds at most, or until nobody waits any more. */
export async function waitForEnd(
  index: JobIndex,
  events: Events,
  jobId: string,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]);
  const over = Promise.withResolvers<void>();
  const look = (job: Job) => {
    if (job.job_id === jobId && hasEnded(index, jobId)) over.resolve();
  };
  const finish = () => over.resolve();
  events.on("changed", look).on("removed", look);
  enough.addEventListener("abort", finish);
  try {
    if (!hasEnded(index, jobId) && !enough.aborted) await over.promise;
  } finally {
    enough.removeEventListener("abort", finish);
    events.off("changed", look).off("removed", look);
  }
}

function hasEnded(index: JobIndex, jobId: string): boolean {
  return isTerminal(index.get(jobId)?.state.status ?? "failed");
}
