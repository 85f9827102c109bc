import { type Dirent, opendirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { Job, State } from "../jobs/job.ts";
import { isJobId } from "../jobs/job-id.ts";
import { isTerminal } from "../jobs/status.ts";
import { removeUnfinished } from "../runs/accept.ts";
import { probeAlive } from "../runs/alive.ts";
import { endedState } from "../runs/ended-run.ts";
import { readEnding } from "../runs/exit-record.ts";
import { readRequest } from "../runs/job-record.ts";
import { isLocal } from "../runs/local-disk.ts";
import { readOriginal } from "../runs/original-run.ts";
import { CorruptRecord, sound } from "../runs/record-file.ts";
import { cacheFile, runDirectory, unfinishedPrefix } from "../runs/run-directory.ts";
import { readStatus } from "../runs/status-record.ts";
import { findCachedJobs, findEndedJobs } from "./ended-jobs.ts";
import type { EndedReaders } from "./ended-readers.ts";
import { hasOwnEnvironment } from "./environment.ts";
import { jobOf } from "./job-of.ts";
import type { Scope } from "./scope.ts";
import { look } from "./sweep.ts";

/** How long reading one run directory may take at the start. */
const secondsPerJob = 5;

/** How many run directories are read at a time. */
const batch = 64;

type Surroundings = Pick<Scope, "config" | "index" | "events" | "unread" | "withOwnEnvironment">;

/** What is to be done about a runs directory once its jobs are known. */
export interface Found {
  /** Names of what a killed server was about to make. */
  readonly unfinished: readonly string[];
  /** How many ended jobs the cache does not hold. */
  readonly uncached: number;
}

/** Takes up what an earlier server left: ended jobs settle, running ones are adopted, the rest start in order. */
export async function resumeJobs(scope: Scope, { unfinished }: Pick<Found, "unfinished">): Promise<void> {
  await removeUnfinished(scope.config.runsDir, unfinished);
  await scope.groups.tidy((jobId) => hasEnded(scope.index.get(jobId)));
  const open = scope.index.withStatus("pending").map((job) => job.job_id);
  await inBatches(open, (jobId) => inTime(scope, jobId, look(scope, jobId)));
  for (const jobId of open) {
    const status = scope.index.statusOf(jobId);
    if (status === "running") scope.queue.adopt(jobId);
    if (status === "pending") scope.queue.push(jobId);
  }
}

function hasEnded(job: Job | undefined): boolean {
  return job !== undefined && isTerminal(job.state.status);
}

/**
 * Reads every run directory into the index. What has not ended counts as pending until it is looked at closely. On a
 * local disk ended jobs are told from the cache where that is true still, or read without a detour, which is much faster;
 * on any other each directory gets its time.
 */
export async function findJobs(scope: Surroundings, readers?: EndedReaders): Promise<Found> {
  const { runsDir } = scope.config;
  const { jobIds, unfinished } = await namesIn(scope);
  const cached = isLocal(runsDir) ? findCachedJobs(scope, jobIds) : 0;
  const left = isLocal(runsDir) ? await findEndedJobs(scope, jobIds, readers) : jobIds;
  const jobs = await inBatches(left, (id) => inTime(scope, id, readJob(scope, id)));
  scope.index.load(jobs.flatMap((job) => job ?? []));
  const uncached = scope.index.count("completed") + scope.index.count("failed") - cached;
  return { unfinished, uncached };
}

/** The names in a runs directory of what may be run directories, and of what was never finished. */
async function namesIn({ config, events }: Surroundings): Promise<Record<"jobIds" | "unfinished", string[]>> {
  const jobIds: string[] = [];
  const unfinished: string[] = [];
  const { runsDir } = config;
  const entries = isLocal(runsDir) ? entriesNow(runsDir) : await readdir(runsDir, { withFileTypes: true });
  for (const entry of entries) {
    const { name } = entry;
    if (name.startsWith(unfinishedPrefix) || name.startsWith(`${cacheFile}.`)) unfinished.push(name);
    else if (name.startsWith(".")) continue;
    else if (entry.isDirectory() && isJobId(name)) jobIds.push(name);
    else events.emit("trouble", `not a run directory, left alone: ${name}`, {});
  }
  return { jobIds, unfinished };
}

/** What is in a folder. It waits for the kernel, which takes half the time of not waiting for it. */
function* entriesNow(path: string): Generator<Dirent> {
  const folder = opendirSync(path, { bufferSize: 1024 });
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) yield entry;
  } finally {
    folder.closeSync();
  }
}

/** A directory on a disk that does not answer is left to the sweeps and delays nothing else. */
async function inTime<Result>(
  scope: Surroundings,
  jobId: string,
  reading: Promise<Result>,
): Promise<Result | undefined> {
  const patience = new AbortController();
  const tooLate = setTimeout(secondsPerJob * 1000, undefined, { signal: patience.signal, ref: false }).then(
    () => {
      scope.unread.add(jobId);
      scope.events.emit("trouble", "run directory does not answer; it is read later", { job_id: jobId });
    },
    () => undefined, // it was read in time
  );
  const result = await Promise.race([reading, tooLate.then(() => undefined)]);
  patience.abort();
  return result;
}

async function inBatches<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += batch) {
    results.push(...(await Promise.all(items.slice(start, start + batch).map(act))));
  }
  return results;
}

/** Undefined for a directory that is nobody's job or is damaged: one bad directory breaks nothing. */
export async function readJob(scope: Surroundings, jobId: string): Promise<Job | undefined> {
  const directory = runDirectory(scope.config.runsDir, jobId);
  try {
    const request = await readRequest(directory);
    if (request === undefined) return await readOriginalJob(directory, jobId);
    if (request.job_id !== jobId) throw new CorruptRecord(directory, `holds the job ${request.job_id}`);
    const state = await readState(directory);
    if (state.status === "pending" && hasOwnEnvironment(request)) scope.withOwnEnvironment.add(jobId);
    return jobOf(jobId, request, request.created_at, state);
  } catch (error) {
    const isDamaged = error instanceof CorruptRecord;
    if (!isDamaged) scope.unread.add(jobId); // a lack of descriptors says nothing of the job
    const what = isDamaged
      ? "damaged run directory, skipped"
      : "run directory cannot be read now; it is read later";
    scope.events.emit("trouble", what, { job_id: jobId, error });
    return undefined;
  }
}

/** A final status counts with an exit record, once the shim is gone: until then the job may have written both. */
async function readState(directory: string): Promise<State> {
  const status = await readStatus(directory);
  if (status === undefined || !isTerminal(status.fields.status)) return { status: "pending" };
  const proven = (await sound(readEnding(directory)))?.status === status.fields.status;
  const settled = proven && (await probeAlive(directory)) !== "held";
  return settled ? endedState(status.fields) : { status: "pending" };
}

async function readOriginalJob(directory: string, jobId: string): Promise<Job> {
  const record = await readOriginal(directory);
  if (record === undefined) throw new CorruptRecord(directory, "has neither job.json nor status.json");
  if (record.fields.job_id !== jobId)
    throw new CorruptRecord(directory, `holds the job ${record.fields.job_id}`);
  const { status, created_at } = record.fields;
  const state: State = isTerminal(status) ? endedState(record.fields) : { status: "pending" };
  return jobOf(jobId, undefined, created_at, state);
}
