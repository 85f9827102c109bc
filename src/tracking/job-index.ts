import type { Events } from "../events.ts";
import { type Job, type Running, type State, startedAt, statusOf } from "../jobs/job.ts";
import { isTerminal, type Status, transitions } from "../jobs/status.ts";
import { microseconds } from "../jobs/timestamp.ts";

/** What the server knows of the jobs: a cache of the run directories, which can be rebuilt from them at any time. */
export class JobIndex {
  readonly #events: Events;
  readonly #jobs = new Map<string, Job>();
  /** Ids in the order of creation. */
  #order: string[] = [];

  constructor(events: Events) {
    this.#events = events;
  }

  /** Takes in the jobs found on disk, which come in no order. */
  load(jobs: readonly Job[]): void {
    for (const job of jobs) this.#jobs.set(job.job_id, job);
    const created = new Map(jobs.map((job) => [job.job_id, microseconds(job.created_at)]));
    const age = (id: string) => created.get(id) ?? 0;
    this.#order = [...this.#jobs.keys()].sort((a, b) => age(a) - age(b) || (a < b ? -1 : 1));
  }

  add(job: Job): void {
    this.#jobs.set(job.job_id, job);
    this.#order.push(job.job_id);
  }

  get(jobId: string): Job | undefined {
    return this.#jobs.get(jobId);
  }

  /** Moves a job on. A step that was missed is made up for; one that cannot follow is ignored: an ending is final. */
  change(jobId: string, state: State): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined || isTerminal(statusOf(job)) || statusOf(job) === state.status) return;
    const started = startedAt(state);
    if (statusOf(job) === "pending" && state.status !== "running" && started !== null) {
      this.#step(job, { status: "running", started_at: started } satisfies Running);
    }
    this.#step(job, state);
  }

  remove(jobId: string): void {
    const job = this.#jobs.get(jobId);
    if (job === undefined) return;
    this.#jobs.delete(jobId);
    this.#order = this.#order.filter((id) => id !== jobId);
    this.#events.emit("removed", job);
  }

  /** Newest first; all that match, or the first `limit`, and how many match in all. */
  list(status: string | undefined, limit: number): { jobs: Job[]; total: number } {
    const matching = this.#newestFirst().filter((job) => status === undefined || statusOf(job) === status);
    return { jobs: matching.slice(0, limit), total: matching.length };
  }

  count(status: Status): number {
    return this.#jobs.values().reduce((count, job) => count + (statusOf(job) === status ? 1 : 0), 0);
  }

  withStatus(status: Status): Job[] {
    return this.#newestFirst()
      .filter((job) => statusOf(job) === status)
      .reverse();
  }

  #step(job: Job, state: State): void {
    if (!transitions[statusOf(this.#jobs.get(job.job_id) ?? job)].includes(state.status)) return;
    const moved = { ...job, state };
    this.#jobs.set(job.job_id, moved);
    this.#events.emit("changed", moved);
  }

  #newestFirst(): Job[] {
    return this.#order.toReversed().flatMap((id) => this.#jobs.get(id) ?? []);
  }
}
