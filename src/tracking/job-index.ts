import type { Events } from "../events.ts";
import type { Job, State } from "../jobs/job.ts";
import { type Status, transitions } from "../jobs/status.ts";
import type { Proof } from "../runs/proof.ts";
import type { CachedRuns } from "./cached-runs.ts";
import type { JobFilter } from "./job-filter.ts";
import { JobOrder, type Place } from "./job-order.ts";
import { type Page, pageOf } from "./job-page.ts";
import { type EndedEntry, JobTable } from "./job-table.ts";
import { latestOf } from "./latest.ts";
import { plausible } from "./moments.ts";

/** Cached jobs on their way into the index. */
export interface Loading {
  take(runs: CachedRuns): void;
  /** Returns how many were taken in. */
  end(): number;
}

/** A set of jobs that takes little room and no time to make. */
export interface Marks {
  delete(jobId: string): void;
  /** Those that are left, oldest first. */
  ids(): string[];
}

/** What the server knows of the jobs: a cache of the run directories, which can be rebuilt from them at any time. */
export class JobIndex {
  readonly #events: Events;
  readonly #table = new JobTable();
  readonly #order = new JobOrder(this.#table);
  readonly #places = new Map<string, number>();
  /** Ids by the key under which a client submitted the job. */
  readonly #submitted = new Map<string, string>();

  constructor(events: Events) {
    this.#events = events;
  }

  /** Takes in jobs found on disk, in any order. */
  load(jobs: Iterable<Job>): void {
    const added: number[] = [];
    for (const job of jobs) {
      const known = this.#places.get(job.job_id);
      if (known === undefined) added.push(this.#keep(job));
      else this.#table.move(known, job.state);
    }
    this.#order.add(added);
  }

  /** Takes in the cached jobs that `isTrue` says are what their run directories say; returns how many. */
  loadCached(cached: Iterable<CachedRuns>, isTrue: (jobId: string, proof: Proof) => boolean): number {
    const loading = this.beginLoading(isTrue);
    for (const runs of cached) loading.take(runs);
    return loading.end();
  }

  /** As `loadCached`, for jobs that come in parts: they stand in lists from the end on, since each sorting costs the same. */
  beginLoading(isTrue: (jobId: string, proof: Proof) => boolean): Loading {
    const added: number[] = [];
    const take = ({ traits, entries }: CachedRuns) => {
      const numbers = traits.map((trait) => this.#table.traits.use(trait));
      for (const entry of entries) {
        if (this.#places.has(entry.jobId) || !isTrue(entry.jobId, entry.proof)) continue;
        added.push(this.#keepEnded(entry, numbers[entry.trait] ?? 0));
      }
      for (const number of numbers) this.#table.traits.release(number);
    };
    const end = () => {
      this.#order.add(added);
      return added.length;
    };
    return { take, end };
  }

  #keepEnded(entry: EndedEntry, trait: number): number {
    const place = this.#table.putEnded(entry, trait);
    this.#places.set(entry.jobId, place);
    if (entry.submission) this.#submitted.set(entry.submission.key, entry.jobId);
    return place;
  }

  /** Keeps what the records of an ended job were when they were read. */
  prove(jobId: string, proof: Proof): void {
    const place = this.#places.get(jobId);
    if (place !== undefined) this.#table.prove(place, proof);
  }

  /** Ids of all jobs that have ended, oldest first. */
  endedIds(): string[] {
    return this.#idsWhere((place) => this.#table.hasEnded(place));
  }

  /** All jobs that have ended now, a byte for each, from which some may be taken away. */
  endedMarks(): Marks {
    const marks = new Uint8Array(this.#table.size);
    for (let place = 0; place < marks.length; place++) marks[place] = this.#table.hasEnded(place) ? 1 : 0;
    return {
      delete: (jobId) => {
        const place = this.#places.get(jobId);
        if (place !== undefined) marks[place] = 0;
      },
      ids: () => this.#idsWhere((place) => marks[place] === 1 && this.#table.hasEnded(place)),
    };
  }

  /** Ids of those that have ended and of whose records it is not known what they were when they were read. */
  unprovenIds(): string[] {
    return this.#idsWhere((place) => this.#table.hasEnded(place) && !this.#table.isProven(place));
  }

  #idsWhere(wanted: (place: number) => boolean): string[] {
    const ids: string[] = [];
    for (let position = 0; position < this.#order.length; position++) {
      const place = this.#order.at(position);
      if (wanted(place)) ids.push(this.#table.idAt(place));
    }
    return ids;
  }

  /** Those of some jobs that have ended and are proven, as the cache holds them. */
  ended(jobIds: readonly string[]): CachedRuns & { entries: readonly EndedEntry[] } {
    const numbers = new Map<number, number>();
    const entries = jobIds.flatMap((jobId) => {
      const place = this.#places.get(jobId);
      const entry = place === undefined ? undefined : this.#table.endedAt(place);
      if (entry === undefined) return [];
      const trait = numbers.get(entry.trait) ?? numbers.size;
      numbers.set(entry.trait, trait);
      return [{ ...entry, trait }];
    });
    return { traits: [...numbers.keys()].map((number) => this.#table.traits.get(number)), entries };
  }

  /** Takes in a job that was accepted just now. */
  add(job: Job): void {
    this.load([job]);
  }

  /** The job that was submitted under a key, and what was asked then. */
  submittedBy(key: string): { digest: string; accepted: Pick<Job, "job_id" | "created_at"> } | undefined {
    const job = this.get(this.#submitted.get(key) ?? "");
    return job?.submission && { digest: job.submission.digest, accepted: job };
  }

  #keep(job: Job): number {
    const place = this.#table.put(job);
    this.#places.set(job.job_id, place);
    if (job.submission) this.#submitted.set(job.submission.key, job.job_id);
    return place;
  }

  /**
   * Of the jobs that came into their state between two moments, in microseconds since 1970, those that came latest, so
   * many at most, oldest job first. What no record dates happened now.
   */
  latestChanged(since: number, now: number, most: number): Job[] {
    const places: number[] = [];
    const moments = new Float64Array(this.#places.size);
    for (let position = 0; position < this.#order.length; position++) {
      const place = this.#order.at(position);
      const moment = plausible(this.#table.changedAt(place), now);
      if (this.#table.isVacant(place) || moment < since) continue;
      moments[places.length] = moment;
      places.push(place);
    }
    const latest = latestOf(places, moments.subarray(0, places.length), most);
    return latest.map((place) => this.#table.get(place));
  }

  get(jobId: string): Job | undefined {
    const place = this.#places.get(jobId);
    return place === undefined ? undefined : this.#table.get(place);
  }

  /** The status of a job, without all the rest. */
  statusOf(jobId: string): Status | undefined {
    const place = this.#places.get(jobId);
    return place === undefined ? undefined : this.#table.statusAt(place);
  }

  /** Moves a job on to what may follow; anything else is no news: an ending is final. */
  change(jobId: string, state: State): void {
    const place = this.#places.get(jobId);
    const status = this.statusOf(jobId);
    if (place === undefined || status === undefined || !transitions[status].includes(state.status)) return;
    this.#table.move(place, state);
    this.#events.emit("changed", { ...this.#table.get(place), state });
  }

  remove(jobId: string): void {
    const place = this.#places.get(jobId);
    if (place === undefined) return;
    const job = this.#table.get(place);
    this.#places.delete(jobId);
    const { key } = job.submission ?? {};
    if (key !== undefined && this.#submitted.get(key) === jobId) this.#submitted.delete(key);
    this.#table.vacate(place);
    this.#order.vacate();
    this.#events.emit("removed", job);
  }

  /** Newest first: the first `limit` that match, or so many behind a place. */
  list(filter: JobFilter, limit: number, behind?: Place): Page {
    return pageOf(this.#table, this.#order, { filter, limit, behind });
  }

  count(status: Status): number {
    return this.#table.count(status);
  }

  /** Oldest first. */
  withStatus(status: Status): Job[] {
    return this.#select((place) => this.#table.statusAt(place) === status);
  }

  #select(wanted: (place: number) => boolean): Job[] {
    const jobs: Job[] = [];
    for (let position = 0; position < this.#order.length; position++) {
      const place = this.#order.at(position);
      if (!this.#table.isVacant(place) && wanted(place)) jobs.push(this.#table.get(place));
    }
    return jobs;
  }
}
