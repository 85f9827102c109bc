import { nanoid } from "nanoid";
import type { Events } from "../events.ts";
import type { Job } from "../jobs/job.ts";

/** One change of a job's status: the job as it was then, and which change this was. */
export interface Change {
  readonly sequence: number;
  /** When the server learnt of it, in microseconds since 1970. */
  readonly moment: number;
  readonly job: Job;
}

/** How many changes are kept for those who were away for a moment; who was away longer asks the index. */
export const mostKept = 10_000;

/** The latest changes of all jobs, in the order in which the server learnt of them. */
export class Journal {
  /** Tells this server's numbers from those of an earlier one. */
  readonly life = nanoid(8);
  readonly #waiting = new Set<() => void>();
  /** A ring: each change stands where the one before it by `mostKept` has stood. */
  readonly #changes: Change[] = [];
  #latest = 0;

  constructor(events: Events) {
    events.on("accepted", (job) => this.#add(job));
    events.on("changed", (job) => this.#add(job));
  }

  /** Number of the latest change; 0 before the first. */
  get latest(): number {
    return this.#latest;
  }

  /** The change behind a number, undefined when there is none yet, `"forgotten"` when it is kept no longer. */
  after(sequence: number): Change | undefined | "forgotten" {
    if (sequence < this.#latest - this.#changes.length || sequence > this.#latest) return "forgotten";
    return sequence === this.#latest ? undefined : this.#changes[sequence % mostKept];
  }

  /** Waits for the next change, so many milliseconds at most, or until nobody waits any more. */
  next(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#waiting.delete(finish);
        signal.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, signal.aborted ? 0 : milliseconds);
      this.#waiting.add(finish);
      signal.addEventListener("abort", finish);
    });
  }

  #add(job: Job): void {
    const place = this.#latest % mostKept;
    this.#changes[place] = { sequence: ++this.#latest, moment: Date.now() * 1000, job };
    for (const wake of [...this.#waiting]) wake();
  }
}
