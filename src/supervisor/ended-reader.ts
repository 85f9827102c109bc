import { text } from "node:stream/consumers";
import { endedRunNow } from "../runs/ended-run.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { type CachedRuns, cachedText } from "../tracking/cached-runs.ts";
import type { EndedEntry } from "../tracking/job-table.ts";
import { momentOf } from "../tracking/moments.ts";
import { Traits } from "../tracking/traits.ts";
import { jobOf } from "./job-of.ts";

const runsPerLine = 1000;

/**
 * A process of its own, so that all it needs is given back at its end: reads those of the jobs named on standard input
 * that have ended, and tells of them in lines as the cache has them. It works in the runs directory, so that the kernel has
 * no long path to walk for each of hundreds of thousands of files.
 */
async function tellEnded(): Promise<void> {
  Error.stackTraceLimit = 0; // every shim that is gone is an error of open(2), and where it was thrown costs as much
  const jobIds = (await text(process.stdin)).split("\n");
  for (let start = 0; start < jobIds.length; start += runsPerLine) {
    process.stdout.write(cachedText(readRuns(jobIds.slice(start, start + runsPerLine))));
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
