import type { Job, State } from "../jobs/job.ts";
import { noLabels } from "../jobs/labels.ts";
import { endedRunNow, proofNow, readEndedRun } from "../runs/ended-run.ts";
import type { Request } from "../runs/job-record.ts";
import type { Proof } from "../runs/proof.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { cachedRuns } from "../tracking/index-cache.ts";
import { submissionIn } from "./accept.ts";
import type { Scope } from "./scope.ts";

type Surroundings = Pick<Scope, "config" | "index">;

/**
 * Takes those of these jobs into the index of which the cache tells what their run directories still say; returns how
 * many. It waits for the kernel, as what follows does: only before requests are served, and on a local disk.
 */
export function findCachedJobs({ config, index }: Surroundings, jobIds: readonly string[]): number {
  const there = new Set(jobIds);
  return index.loadCached(cachedRuns(config.runsDir), (jobId, proof) => {
    return there.has(jobId) && areSame(proofNow(runDirectory(config.runsDir, jobId)), proof);
  });
}

/**
 * Reads the ended jobs among these that are not in the index, and returns the ids of the others: those that have not
 * ended, and those with which something is wrong.
 */
export function findEndedJobs(scope: Surroundings, jobIds: readonly string[]): string[] {
  withoutStacks(() => scope.index.load(endedJobs(scope, jobIds)));
  return jobIds.filter((jobId) => scope.index.statusOf(jobId) === undefined);
}

/** Every shim that is gone is an error of open(2): to note for each of them where it was thrown takes half of the time. */
function withoutStacks(act: () => void): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    act();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** One after the other, so that no more than one is in memory; each is in the index when the next one is asked for. */
function* endedJobs({ config, index }: Surroundings, jobIds: readonly string[]): Generator<Job> {
  for (const jobId of jobIds) {
    if (index.statusOf(jobId) !== undefined) continue;
    const run = endedRunNow(runDirectory(config.runsDir, jobId), jobId);
    if (run === undefined) continue;
    yield jobOf(jobId, run.request, run.created_at, run.state);
    if (run.proof !== undefined) index.prove(jobId, run.proof);
  }
}

/** Reads the records of a job that has ended meanwhile once more, so that the cache can hold it, if they say the same. */
export async function proveEnded({ config, index }: Surroundings, jobId: string): Promise<void> {
  const run = await readEndedRun(runDirectory(config.runsDir, jobId), jobId);
  if (run?.proof === undefined) return;
  const read = jobOf(jobId, run.request, run.created_at, run.state);
  if (JSON.stringify(read) === JSON.stringify(index.get(jobId))) index.prove(jobId, run.proof);
}

function areSame([one, other]: Proof, proof: Proof): boolean {
  return one === proof[0] && other === proof[1];
}

/** A job as its records tell it; without a request it is one of the original wrapper. */
export function jobOf(jobId: string, request: Request | undefined, created_at: string, state: State): Job {
  const { entrypoint, runtime, labels } = request ?? { entrypoint: "", runtime: "", labels: noLabels };
  const submission = request === undefined ? {} : submissionIn(request);
  return { job_id: jobId, created_at, entrypoint, runtime, labels, state, ...submission };
}
