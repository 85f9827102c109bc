import type { Job } from "../jobs/job.ts";

/** What many jobs have in common. */
export type Trait = Pick<Job, "entrypoint" | "runtime" | "labels">;

interface Known extends Trait {
  readonly key: string;
  uses: number;
}

/** Keeps what jobs have in common once, under a number, for as long as one of them is there. */
export class Traits {
  readonly #numbers = new Map<string, number>();
  readonly #known: (Known | undefined)[] = [];
  readonly #free: number[] = [];

  /** The number of a trait, for one more job. */
  use({ entrypoint, runtime, labels }: Trait): number {
    const key = JSON.stringify([entrypoint, runtime, labels]);
    const number = this.#numbers.get(key) ?? this.#free.pop() ?? this.#known.length;
    const known = this.#known[number] ?? { key, entrypoint, runtime, labels, uses: 0 };
    known.uses++;
    this.#known[number] = known;
    this.#numbers.set(key, number);
    return number;
  }

  /** For one more job of a trait that is known. */
  useAgain(number: number): number {
    const known = this.#known[number];
    if (known !== undefined) known.uses++;
    return number;
  }

  /** One job less has it. */
  release(number: number): void {
    const known = this.#known[number];
    if (known === undefined || --known.uses > 0) return;
    this.#numbers.delete(known.key);
    this.#known[number] = undefined;
    this.#free.push(number);
  }

  /** All there are, in the order of their numbers. */
  all(): Trait[] {
    return this.#known.flatMap((known) => known ?? []);
  }

  get(number: number): Trait {
    const known = this.#known[number];
    if (known === undefined) throw new Error(`no job has the trait ${number}`);
    return known;
  }

  /** Asks of each trait once, when it is first met, what is asked of many jobs. */
  asker(wanted: (trait: Trait) => boolean): (number: number) => boolean {
    const answers = new Uint8Array(this.#known.length);
    return (number) => {
      answers[number] ||= wanted(this.get(number)) ? 1 : 2;
      return answers[number] === 1;
    };
  }
}
