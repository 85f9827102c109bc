import { getCompileCacheDir } from "node:module";
import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import { execa } from "execa";
import type { Config } from "../config/config.ts";
import type { Job } from "../jobs/job.ts";
import { endedRunNow, proofNow, readEndedRun } from "../runs/ended-run.ts";
import type { Proof } from "../runs/proof.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { cachedRunsIn } from "../tracking/cached-runs.ts";
import { cachedRuns } from "../tracking/index-cache.ts";
import type { Loading } from "../tracking/job-index.ts";
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

/** Besides one for each processor: all of them wait for the disk at times, where the kernel does not have it in memory. */
const processesMore = 1;

/** More than this read no disk any faster. */
const mostProcesses = 8;

/**
 * Reads the ended jobs among these that are not in the index, and returns the ids of the others: those that have not
 * ended, and those with which something is wrong.
 */
export async function findEndedJobs(scope: Surroundings, jobIds: readonly string[]): Promise<string[]> {
  const isUnknown = (jobId: string) => scope.index.statusOf(jobId) === undefined;
  const unknown = jobIds.filter(isUnknown);
  const isRead = unknown.length >= leastForProcesses && (await readInProcesses(scope, unknown));
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
async function readInProcesses(scope: Surroundings, jobIds: readonly string[]): Promise<boolean> {
  const count = Math.min(availableParallelism() + processesMore, mostProcesses);
  const share = Math.ceil(jobIds.length / count);
  const shares = Array.from({ length: count }, (_, number) =>
    jobIds.slice(number * share, (number + 1) * share),
  );
  const loading = scope.index.beginLoading(() => true);
  const results = await Promise.allSettled(shares.map((some) => readInProcess(scope.config, some, loading)));
  loading.end();
  const failure = results.find((result) => result.status === "rejected");
  const what = "a process that reads run directories has failed; they are read without it";
  if (failure !== undefined) scope.events.emit("trouble", what, { error: failure.reason });
  return failure === undefined;
}

/** @throws ExecaError when the process has failed */
async function readInProcess(
  { runsDir }: Pick<Config, "runsDir">,
  jobIds: readonly string[],
  loading: Loading,
): Promise<void> {
  const program = join(import.meta.dirname, `ended-reader${extname(import.meta.filename)}`);
  const cached = getCompileCacheDir();
  const reader = execa(process.execPath, ["--max-semi-space-size=16", program], {
    cwd: runsDir,
    input: jobIds.join("\n"),
    extendEnv: false,
    env: cached === undefined ? {} : { NODE_COMPILE_CACHE: cached },
    buffer: false,
  });
  for await (const line of linesIn(reader.stdout)) {
    const runs = cachedRunsIn(line);
    if (runs !== undefined) loading.take(runs);
  }
  await reader;
}

/** The lines of a stream, whole and as bytes: as texts they would be copied twice more. */
async function* linesIn(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...begun, chunk.subarray(start, end)]);
      begun = [];
      start = end + 1;
    }
    begun.push(chunk.subarray(start));
  }
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
