import { statSync } from "node:fs";
import type { Job } from "../jobs/job.ts";
import { endedRunNow, proofNow, readEndedRun } from "../runs/ended-run.ts";
import { isLocal } from "../runs/local-disk.ts";
import type { Proof } from "../runs/proof.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { cachedRuns, hasCache } from "../tracking/index-cache.ts";
import { EndedReaders } from "./ended-readers.ts";
import { jobOf } from "./job-of.ts";
import type { Scope } from "./scope.ts";

type Surroundings = Pick<Scope, "config" | "index" | "events">;

/**
 * Takes those of these jobs into the index of which the cache tells what their run directories still say; returns how
 * many. It waits for the kernel, as what follows does: only before requests are served, and on a local disk.
 */
export function findCachedJobs(
  { config, index }: Pick<Surroundings, "config" | "index">,
  jobIds: readonly string[],
): number {
  const there = new Set(jobIds);
  return index.loadCached(cachedRuns(config.runsDir), (jobId, proof) => {
    return there.has(jobId) && areSame(proofNow(runDirectory(config.runsDir, jobId)), proof);
  });
}

/** From how many jobs on it pays to read them in processes, each of which takes a while to begin. */
const leastForProcesses = 4000;

/** What a folder of about so many has as its size, in bytes, on file systems where that tells how many there are. */
const largeFolder = 128 * 1024;

/** Starts processes that will have to read run directories, as far as can be seen: there are many, and no cache. */
export function prepareReaders(runsDir: string): EndedReaders | undefined {
  const isToBeRead = isLocal(runsDir) && !hasCache(runsDir) && statSync(runsDir).size >= largeFolder;
  return isToBeRead ? new EndedReaders(runsDir) : undefined;
}

/**
 * Reads the ended jobs among these that are not in the index, and returns the ids of the others: those that have not
 * ended, and those with which something is wrong.
 */
export async function findEndedJobs(
  scope: Surroundings,
  jobIds: readonly string[],
  readers: EndedReaders | undefined,
): Promise<string[]> {
  const isUnknown = (jobId: string) => scope.index.statusOf(jobId) === undefined;
  const unknown = jobIds.filter(isUnknown);
  const isRead = unknown.length >= leastForProcesses && (await readInProcesses(scope, unknown, readers));
  readers?.end();
  if (!isRead) scope.index.load(endedJobs(scope, unknown.filter(isUnknown)));
  return unknown.filter(isUnknown);
}

/** One after the other, so that no more than one is in memory; each is in the index when the next one is asked for. */
function* endedJobs({ config, index }: Surroundings, jobIds: readonly string[]): Generator<Job> {
  for (const jobId of jobIds) {
    const run = endedRunNow(runDirectory(config.runsDir, jobId), jobId);
    if (run === undefined) continue;
    yield jobOf(jobId, run.request, run.created_at, run.state);
    if (run.proof !== undefined) index.prove(jobId, run.proof);
  }
}

/** False where one of the processes has failed: what it had to read is not all in the index. */
async function readInProcesses(
  scope: Surroundings,
  jobIds: readonly string[],
  readers = new EndedReaders(scope.config.runsDir),
): Promise<boolean> {
  const loading = scope.index.beginLoading(() => true);
  const failure = await readers.read(jobIds, loading);
  loading.end();
  const what = "a process that reads run directories has failed; they are read without it";
  if (failure !== undefined) scope.events.emit("trouble", what, { error: failure });
  return failure === undefined;
}

/** What came of proving a job. One is `disputed` whose records say something else than the server, or nothing. */
export type ProofOutcome = "proven" | "too new" | "disputed";

/** Reads the records of a job that has ended meanwhile once more, so that the cache can hold it, if they say the same. */
export async function proveEnded({ config, index }: Surroundings, jobId: string): Promise<ProofOutcome> {
  const run = await readEndedRun(runDirectory(config.runsDir, jobId), jobId);
  if (run === undefined) return "disputed";
  if (run.proof === undefined) return "too new";
  const read = jobOf(jobId, run.request, run.created_at, run.state);
  if (JSON.stringify(read) !== JSON.stringify(index.get(jobId))) return "disputed";
  index.prove(jobId, run.proof);
  return "proven";
}

function areSame([one, other]: Proof, proof: Proof): boolean {
  return one === proof[0] && other === proof[1];
}
