import type { Job } from "../jobs/job.ts";
import { isTerminal } from "../jobs/status.ts";
import { readEnding } from "../runs/exit-record.ts";
import { readRequest } from "../runs/job-record.ts";
import { readOriginal } from "../runs/original-run.ts";
import { isLack, readable } from "../runs/readable.ts";
import { sound } from "../runs/record-file.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { readStatus, requestOf, statusText } from "../runs/status-record.ts";
import { JobText } from "./documents.ts";
import type { Server } from "./route.ts";

/** A job as its status.json tells it, letter by letter but for secrets; undefined when there is no such job (any more). */
export async function jobDocument(server: Server, jobId: string): Promise<JobText | undefined> {
  const status = server.index.statusOf(jobId);
  if (status === undefined) return undefined;
  const shown = server.documents.get(jobId, status) ?? (await trustedStatus(server, jobId));
  if (shown !== undefined) return shown;
  await refreshed(server, jobId);
  const job = server.index.get(jobId);
  return job && ((await trustedStatus(server, jobId)) ?? new JobText(await composed(server, job)));
}

/** A job as it was when it came into this state, whatever has become of it since; undefined when it was removed. */
export async function documentAt(server: Server, job: Job): Promise<string | undefined> {
  const { status } = job.state;
  return isTerminal(status) ? (await jobDocument(server, job.job_id))?.text : composed(server, job);
}

/**
 * As `jobDocument`, for answers that tell of many jobs: one that cannot be read, for a reason of its own, is told as the
 * index knows it, and spoils nothing for the others.
 */
export function listedDocument(server: Server, jobId: string): Promise<JobText | undefined> {
  return jobDocument(server, jobId).catch((error) => asKnown(server, server.index.get(jobId), error));
}

/** As `documentAt`, for such answers. */
export function listedDocumentAt(server: Server, job: Job): Promise<string | undefined> {
  return documentAt(server, job).catch((error) => asKnown(server, job, error)?.text);
}

/** @throws what was thrown, where it is the server that lacks something */
function asKnown(server: Server, job: Job | undefined, error: unknown): JobText | undefined {
  if (isLack(error)) throw error;
  return job && new JobText(masked(server, statusText(requestOf(job), job.state)));
}

/** What cannot be brought up to date now, on a full disk for example, is shown as it is known; the sweep tells of it. */
async function refreshed(server: Server, jobId: string): Promise<void> {
  try {
    await server.supervisor.refresh(jobId);
  } catch {
    return;
  }
}

/** What status.json says counts only where it agrees with what the server found out: the job can write to it too. */
async function trustedStatus(server: Server, jobId: string): Promise<JobText | undefined> {
  const job = server.index.get(jobId);
  if (job === undefined) return undefined;
  const { status } = job.state;
  const moment = Date.now();
  const directory = runDirectory(server.config.runsDir, jobId);
  const record = await readable(job.runtime === "" ? readOriginal(directory) : readStatus(directory));
  if (record?.fields.job_id !== jobId || record.fields.status !== status) return undefined;
  const shown = new JobText(masked(server, record.text));
  if (isTerminal(status)) server.documents.keep(jobId, status, record.facts, shown, moment);
  return shown;
}

/** The same from the other records, where status.json lags behind, was written over or cannot be read. */
async function composed(server: Server, job: Job): Promise<string> {
  const directory = runDirectory(server.config.runsDir, job.job_id);
  const request = (await sound(readRequest(directory))) ?? requestOf(job);
  const ending = isTerminal(job.state.status) ? await sound(readEnding(directory)) : undefined;
  return masked(server, statusText(request, job.state, ending));
}

/** With the secrets of the jobs hidden, if there are any. */
function masked({ mask }: Server, text: string): string {
  return mask === undefined ? text : mask.document(text);
}
