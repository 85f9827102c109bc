import type { Events } from "../events.ts";
import { type Job, type State, statusOf } from "../jobs/job.ts";
import { type Status, transitions } from "../jobs/status.ts";
import { microseconds } from "../jobs/timestamp.ts";
import { isBehind, type JobFilter, matches, type Place, placeOf } from "./job-filter.ts";

/** What the server knows of the jobs: a cache of the run directories, which can be rebuilt from them at any time. */
export class JobIndex {
  readonly #events: Events;
  readonly #jobs = new Map<string, Job>();
  /** Ids by the key under which a client submitted the job. */
  readonly #submitted = new Map<string, string>();
  /** Ids in the order of creation. */
  #order: string[] = [];

  constructor(events: Events) {
    this.#events = events;
  }

  /** Takes in the jobs found on disk, which come in no order. */
  load(jobs: readonly Job[]): void {
    for (const job of jobs) this.#keep(job);
    const dated = [...this.#jobs.values()].map(({ job_id, created_at }) => ({
      job_id,
      at: microseconds(created_at),
    }));
    this.#order = dated
      .sort((a, b) => a.at - b.at || (a.job_id < b.job_id ? -1 : 1))
      .map((job) => job.job_id);
  }

  /** Takes in a job that is newer than all others. */
  add(job: Job): void {
    this.#keep(job);
    this.#order.push(job.job_id);
  }

  /** The job that was submitted under a key, and what was asked then. */
  submittedBy(key: string): { digest: string; accepted: Pick<Job, "job_id" | "created_at"> } | undefined {
    const job = this.#jobs.get(this.#submitted.get(key) ?? "");
    return job?.submission && { digest: job.submission.digest, accepted: job };
  }

  #keep(job: Job): void {
    this.#jobs.set(job.job_id, job);
    if (job.submission) this.#submitted.set(job.submission.key, job.job_id);
  }

  all(): Job[] {
    return [...this.#jobs.values()];
  }

  get(jobId: string): Job | undefined {
    return this.#jobs.get(jobId);
  }

  /** Moves a job on to what may follow; anything else is no news: an ending is final. */
  change(jobId: string, state: State): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined || !transitions[statusOf(job)].includes(state.status)) return;
    this.#jobs.set(jobId, { ...job, state });
    this.#events.emit("changed", { ...job, state });
  }

  remove(jobId: string): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined) return;
    this.#jobs.delete(jobId);
    const { key } = job.submission ?? {};
    if (key !== undefined && this.#submitted.get(key) === jobId) this.#submitted.delete(key);
    this.#order = this.#order.filter((id) => id !== jobId);
    this.#events.emit("removed", job);
  }

  /** Newest first: the first `limit` that match, or so many behind a place, where the next ones begin, how many in all. */
  list(
    filter: JobFilter,
    limit: number,
    behind?: Place,
  ): { jobs: Job[]; next: Place | undefined; total: number } {
    const matching = this.#newestFirst().filter((job) => matches(job, filter));
    const left = behind === undefined ? matching : matching.filter((job) => isBehind(job, behind));
    const jobs = left.slice(0, limit);
    const last = jobs.at(-1);
    return { jobs, next: last && left.length > limit ? placeOf(last) : undefined, total: matching.length };
  }

  count(status: Status): number {
    return this.#jobs.values().reduce((count, job) => count + (statusOf(job) === status ? 1 : 0), 0);
  }

  withStatus(status: Status): Job[] {
    return this.#newestFirst()
      .filter((job) => statusOf(job) === status)
      .reverse();
  }

  #newestFirst(): Job[] {
    return this.#order.toReversed().flatMap((id) => this.#jobs.get(id) ?? []);
  }
}
