import { completedAt, type Job, type ProcessIdentity, type State, startedAt } from "../jobs/job.ts";
import { type Status, statuses } from "../jobs/status.ts";
import { grown } from "./grown.ts";
import { Moments } from "./moments.ts";
import { type Trait, Traits } from "./traits.ts";

type Submission = NonNullable<Job["submission"]>;

/** Stands for a place that holds no job any more; otherwise it is the number of a status, and one. */
const vacant = 0;

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
  readonly #shims = new Map<number, ProcessIdentity>();
  readonly #submissions = new Map<number, Submission>();
  readonly #counts = [0, 0, 0, 0, 0];
  readonly #free: number[] = [];

  /** Puts a job into a free place and returns that. */
  put(job: Job): number {
    const place = this.#free.pop() ?? this.#ids.length;
    if (place >= this.#statuses.length) {
      this.#statuses = grown(this.#statuses, place);
      this.#traits = grown(this.#traits, place);
    }
    this.#ids[place] = job.job_id;
    this.#created.set(place, job.created_at);
    this.#traits[place] = this.traits.use(job);
    if (job.submission !== undefined) this.#submissions.set(place, job.submission);
    this.move(place, job.state);
    return place;
  }

  /** Replaces the state of the job at a place. */
  move(place: number, state: State): void {
    this.#mark(place, statuses.indexOf(state.status) + 1);
    this.#started.set(place, startedAt(state));
    this.#completed.set(place, completedAt(state));
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
