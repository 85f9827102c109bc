import { createInterface } from "node:readline";
import { endedRunNow } from "../runs/ended-run.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { type CachedRuns, cachedText } from "../tracking/cached-runs.ts";
import type { EndedEntry } from "../tracking/job-table.ts";
import { momentOf } from "../tracking/moments.ts";
import { Traits } from "../tracking/traits.ts";
import { jobOf } from "./job-of.ts";

/**
 * A process of its own, so that all it needs is given back at its end: for each line of job ids on standard input, it reads
 * those that have ended, and tells of them in a line as the cache has them. It works in the runs directory, so that the kernel has
 * no long path to walk for each of hundreds of thousands of files.
 */
async function tellEnded(): Promise<void> {
  Error.stackTraceLimit = 0; // every shim that is gone is an error of open(2), and where it was thrown costs as much
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(cachedText(readRuns(line.split(" "))));
  }
}

function readRuns(jobIds: readonly string[]): CachedRuns {
  const traits = new Traits();
  const entries = jobIds.flatMap((jobId) => entryOf(jobId, traits) ?? []);
  return { traits: traits.all(), entries };
}

function entryOf(jobId: string, traits: Traits): EndedEntry | undefined {
  const run = endedRunNow(runDirectory(".", jobId), jobId);
  if (run === undefined) return undefined;
  const job = jobOf(jobId, run.request, run.created_at, run.state);
  return {
    jobId,
    status: run.state.status,
    trait: traits.use(job),
    created: momentOf(job.created_at),
    started: momentOf(run.state.started_at),
    completed: momentOf(run.state.completed_at),
    submission: job.submission,
    proof: run.proof ?? [0, 0],
  };
}

await tellEnded();
