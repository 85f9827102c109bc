/** How many times as long as a taking took, at least, the next one waits: so all of them cost a twentieth of the server. */
const restPerTaking = 20;

/** Nor does it wait longer than this, in milliseconds, on a disk of whatever kind. */
const longestRest = 60_000;

/** For how long, in milliseconds, a taking holds at least: who removes thousands goes on for a while. */
const shortestTerm = 1000;

/**
 * Whether the runs that are counted are those that are there. Somebody may have removed some by hand, of which nobody
 * tells: for the number and the bytes of all, they are looked for before a run goes, and once more for each that comes.
 */
export class Stock {
  readonly #forgetRemoved: () => Promise<void>;
  #isDoubted = true;
  #takenAt = -Infinity;
  #rest = 0;

  /** @param forgetRemoved finds the runs that are gone and tells of each, which makes the count right */
  constructor(forgetRemoved: () => Promise<void>) {
    this.#forgetRemoved = forgetRemoved;
  }

  /** Whether the count holds. */
  get isKnown(): boolean {
    return !this.#isDoubted && this.#age < Math.max(this.#rest, shortestTerm);
  }

  /** Milliseconds until the next taking may begin. */
  get untilNext(): number {
    return Math.max(0, this.#rest - this.#age);
  }

  get #age(): number {
    return performance.now() - this.#takenAt;
  }

  /** A run has come: the next to go may be another one than it was. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** @throws whatever kept the runs from being seen: then the next taking has to wait for long */
  async take(): Promise<void> {
    const begun = performance.now();
    this.#rest = longestRest;
    try {
      await this.#forgetRemoved();
      this.#rest = Math.min(restPerTaking * (performance.now() - begun), longestRest);
      this.#isDoubted = false;
    } finally {
      this.#takenAt = performance.now();
    }
  }
}
