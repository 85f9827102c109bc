import { type Job, statusOf } from "../jobs/job.ts";
import { microseconds } from "../jobs/timestamp.ts";

/** Which jobs are wanted; what is left out does not matter. */
export interface JobFilter {
  readonly status?: string | undefined;
  readonly entrypoint?: string | undefined;
  /** Labels the job must have, by name and value. */
  readonly labels?: readonly (readonly [string, string])[];
  /** Microseconds since 1970 before which a job was not created, and at or after which it was not. */
  readonly createdFrom?: number | undefined;
  readonly createdBefore?: number | undefined;
}

export function matches(job: Job, filter: JobFilter): boolean {
  const { status, entrypoint, labels = [], createdFrom = -Infinity, createdBefore = Infinity } = filter;
  if (status !== undefined && statusOf(job) !== status) return false;
  if (entrypoint !== undefined && job.entrypoint !== entrypoint) return false;
  if (!labels.every(([name, value]) => Object.hasOwn(job.labels, name) && job.labels[name] === value))
    return false;
  if (filter.createdFrom === undefined && filter.createdBefore === undefined) return true;
  const created = microseconds(job.created_at);
  return created >= createdFrom && created < createdBefore;
}

/** A place in the list of jobs, newest first: behind this job, whether it is still there or not. */
export interface Place {
  readonly created: number;
  readonly jobId: string;
}

export function placeOf(job: Job): Place {
  return { created: microseconds(job.created_at), jobId: job.job_id };
}

/** Whether a job stands behind a place. */
export function isBehind(job: Job, place: Place): boolean {
  const created = microseconds(job.created_at);
  return created < place.created || (created === place.created && job.job_id < place.jobId);
}
