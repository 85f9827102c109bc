import { readdir } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import type { Job, State } from "../jobs/job.ts";
import { isJobId } from "../jobs/job-id.ts";
import { noLabels } from "../jobs/labels.ts";
import { isTerminal } from "../jobs/status.ts";
import { removeUnfinished } from "../runs/accept.ts";
import { probeAlive } from "../runs/alive.ts";
import { readEnding } from "../runs/exit-record.ts";
import { readRequest } from "../runs/job-record.ts";
import { readOriginal } from "../runs/original-run.ts";
import { CorruptRecord, sound } from "../runs/record-file.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { readStatus, type StatusFields } from "../runs/status-record.ts";
import { submissionIn } from "./accept.ts";
import { hasOwnEnvironment } from "./environment.ts";
import type { Scope } from "./scope.ts";
import { look } from "./sweep.ts";

/** How long reading one run directory may take at the start. */
const secondsPerJob = 5;

/** How many run directories are read at a time. */
const batch = 64;

/** Takes up what an earlier server left: ended jobs settle, running ones are adopted, the rest start in order. */
export async function resumeJobs(scope: Scope): Promise<void> {
  await removeUnfinished(scope.config.runsDir);
  await scope.groups.tidy((jobId) => hasEnded(scope.index.get(jobId)));
  const open = scope.index.withStatus("pending").map((job) => job.job_id);
  await inBatches(open, (jobId) => inTime(scope, jobId, look(scope, jobId)));
  for (const jobId of open) {
    const status = scope.index.get(jobId)?.state.status;
    if (status === "running") scope.queue.adopt(jobId);
    if (status === "pending") scope.queue.push(jobId);
  }
}

function hasEnded(job: Job | undefined): boolean {
  return job !== undefined && isTerminal(job.state.status);
}

/** Reads every run directory into the index. What has not ended counts as pending until it is looked at closely. */
export async function findJobs(scope: Scope): Promise<void> {
  const { runsDir } = scope.config;
  const entries = await readdir(runsDir, { withFileTypes: true });
  const found = entries.filter((entry) => !entry.name.startsWith("."));
  const strangers = found.filter((entry) => !entry.isDirectory() || !isJobId(entry.name));
  for (const { name } of strangers)
    scope.events.emit("trouble", `not a run directory, left alone: ${name}`, {});
  const ids = found.filter((entry) => !strangers.includes(entry)).map((entry) => entry.name);
  const jobs = await inBatches(ids, (id) => inTime(scope, id, readJob(scope, id)));
  scope.index.load(jobs.flatMap((job) => job ?? []));
}

/** A directory on a disk that does not answer is left to the sweeps and delays nothing else. */
async function inTime<Result>(
  scope: Scope,
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
export async function readJob(scope: Scope, jobId: string): Promise<Job | undefined> {
  const directory = runDirectory(scope.config.runsDir, jobId);
  try {
    const request = await readRequest(directory);
    if (request === undefined) return await readOriginalJob(directory, jobId);
    const { created_at, entrypoint, runtime, labels } = request;
    if (request.job_id !== jobId) throw new CorruptRecord(directory, `holds the job ${request.job_id}`);
    const state = await readState(directory);
    if (state.status === "pending" && hasOwnEnvironment(request)) scope.withOwnEnvironment.add(jobId);
    return { job_id: jobId, created_at, entrypoint, runtime, labels, state, ...submissionIn(request) };
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
  return { job_id: jobId, created_at, entrypoint: "", runtime: "", labels: noLabels, state };
}

function endedState({ status, started_at, completed_at, created_at }: StatusFields): State {
  if (!isTerminal(status)) throw new Error(`${status} is not the end of a job`);
  return { status, started_at, completed_at: completed_at ?? created_at };
}
