import { completedAt, type Job, type ProcessIdentity, type State, startedAt } from "../jobs/job.ts";
import { isTerminal, type Status, statuses } from "../jobs/status.ts";
import type { Proof } from "../runs/proof.ts";
import { grown } from "./grown.ts";
import { type Moment, Moments, momentOf } from "./moments.ts";
import { type Trait, Traits } from "./traits.ts";

type Submission = NonNullable<Job["submission"]>;

/** An ended job as it is kept, and what its records were when they were read. */
export interface EndedEntry {
  readonly jobId: string;
  readonly status: "completed" | "failed";
  /** The number of its trait. */
  readonly trait: number;
  readonly created: Moment;
  readonly started: Moment;
  readonly completed: Moment;
  readonly submission: Submission | undefined;
  readonly proof: Proof;
}

/** Stands for a place that holds no job any more; otherwise it is the number of a status, and one. */
const vacant = 0;

const unproven: Proof = [0, 0];

/**
 * Jobs in numbered places, in a few columns of numbers instead of objects: a hundred thousand of them must neither
 * fill the memory nor keep the garbage collector busy. A job is made when it is asked for.
 */
export class JobTable {
  readonly traits = new Traits();
  readonly #ids: string[] = [];
  readonly #created = new Moments();
  readonly #started = new Moments();
  readonly #completed = new Moments();
  #statuses = new Uint8Array(0);
  #traits = new Uint32Array(0);
  #proofs = new Uint32Array(0);
  readonly #shims = new Map<number, ProcessIdentity>();
  readonly #submissions = new Map<number, Submission>();
  readonly #counts = [0, 0, 0, 0, 0];
  readonly #free: number[] = [];

  /** Puts a job into a free place and returns that. */
  put(job: Job): number {
    const place = this.#open(job.job_id, this.traits.use(job), momentOf(job.created_at), job.submission);
    this.move(place, job.state);
    return place;
  }

  /** The same for an ended job that is told in numbers, with the number that its trait has here. */
  putEnded(entry: EndedEntry, trait: number): number {
    const place = this.#open(entry.jobId, this.traits.useAgain(trait), entry.created, entry.submission);
    this.#mark(place, statuses.indexOf(entry.status) + 1);
    this.#started.set(place, entry.started);
    this.#completed.set(place, entry.completed);
    this.prove(place, entry.proof);
    return place;
  }

  #open(jobId: string, trait: number, created: Moment, submission: Submission | undefined): number {
    const place = this.#free.pop() ?? this.#ids.length;
    if (place >= this.#statuses.length) this.#grow(place);
    this.#ids[place] = jobId;
    this.#traits[place] = trait;
    this.#created.set(place, created);
    if (submission !== undefined) this.#submissions.set(place, submission);
    this.prove(place, unproven);
    return place;
  }

  #grow(place: number): void {
    this.#statuses = grown(this.#statuses, place);
    this.#traits = grown(this.#traits, place);
    this.#proofs = grown(this.#proofs, 2 * this.#statuses.length - 1);
  }

  /** Keeps what the records of an ended job were when they were read. */
  prove(place: number, [one, other]: Proof): void {
    this.#proofs[2 * place] = one;
    this.#proofs[2 * place + 1] = other;
  }

  isProven(place: number): boolean {
    return this.#proofs[2 * place] !== 0 || this.#proofs[2 * place + 1] !== 0;
  }

  hasEnded(place: number): boolean {
    const status = this.statusAt(place);
    return status !== undefined && isTerminal(status);
  }

  /** An ended job in numbers; undefined for one that has not ended, or of whose records nothing is known. */
  endedAt(place: number): EndedEntry | undefined {
    const status = this.statusAt(place);
    const proof: Proof = [this.#proofs[2 * place] ?? 0, this.#proofs[2 * place + 1] ?? 0];
    if (status === undefined || !isTerminal(status) || !this.isProven(place)) return undefined;
    return {
      jobId: this.idAt(place),
      status,
      trait: this.traitAt(place),
      created: this.#created.get(place),
      started: this.#started.get(place),
      completed: this.#completed.get(place),
      submission: this.#submissions.get(place),
      proof,
    };
  }

  /** Replaces the state of the job at a place. */
  move(place: number, state: State): void {
    this.#mark(place, statuses.indexOf(state.status) + 1);
    this.#started.set(place, momentOf(startedAt(state)));
    this.#completed.set(place, momentOf(completedAt(state)));
    if (state.status === "running" && state.shim !== null) this.#shims.set(place, state.shim);
    else this.#shims.delete(place);
  }

  #mark(place: number, mark: number): void {
    const before = this.#statuses[place] ?? vacant;
    this.#counts[before] = (this.#counts[before] ?? 0) - 1;
    this.#counts[mark] = (this.#counts[mark] ?? 0) + 1;
    this.#statuses[place] = mark;
  }

  /** Takes the job out of a place; its id and its creation can be read there until the place is freed. */
  vacate(place: number): void {
    this.#mark(place, vacant);
    this.traits.release(this.#traits[place] ?? 0);
    this.#shims.delete(place);
    this.#submissions.delete(place);
  }

  /** Lets the next job have a place that was vacated. */
  free(place: number): void {
    this.#free.push(place);
  }

  isVacant(place: number): boolean {
    return this.#statuses[place] === vacant;
  }

  count(status: Status): number {
    return this.#counts[statuses.indexOf(status) + 1] ?? 0;
  }

  /** How many places there are. */
  get size(): number {
    return this.#ids.length;
  }

  idAt(place: number): string {
    return this.#ids[place] ?? "";
  }

  statusAt(place: number): Status | undefined {
    return statuses[(this.#statuses[place] ?? vacant) - 1];
  }

  traitAt(place: number): number {
    return this.#traits[place] ?? 0;
  }

  /** Microseconds since 1970; NaN where the record names no time. */
  createdAt(place: number): number {
    return this.#created.at(place);
  }

  /** When the job came into the state it is in, in microseconds since 1970; NaN where the record names no time. */
  changedAt(place: number): number {
    const status = this.statusAt(place);
    const moments =
      status === "pending" ? this.#created : status === "running" ? this.#started : this.#completed;
    return moments.at(place);
  }

  get(place: number): Job {
    const { entrypoint, runtime, labels }: Trait = this.traits.get(this.traitAt(place));
    const submission = this.#submissions.get(place);
    return {
      job_id: this.idAt(place),
      created_at: this.#created.text(place) ?? "",
      entrypoint,
      runtime,
      labels,
      state: this.#state(place),
      ...(submission && { submission }),
    };
  }

  #state(place: number): State {
    const status = this.statusAt(place);
    const started_at = this.#started.text(place);
    if (status === undefined) throw new Error(`no job has the place ${place}`);
    if (status === "pending") return { status };
    if (status === "running")
      return { status, started_at: started_at ?? "", shim: this.#shims.get(place) ?? null };
    return { status, started_at, completed_at: this.#completed.text(place) ?? "" };
  }
}
