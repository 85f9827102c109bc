/** An ended run as the rules see it. */
export interface EndedRun {
  readonly jobId: string;
  /** When it ended, in microseconds since 1970. */
  readonly ended: number;
  /** What it takes of the disk; 0 where nobody asks. */
  readonly bytes: number;
}

/**
 * The ended runs that a rule may remove, in the order of their ends, with their number and bytes. Numbers in three lists
 * rather than an object for each: 24 bytes a run, of which there may be a hundred thousand.
 */
export class Ledger {
  #ids: string[] = [];
  #ends: number[] = [];
  #bytes: number[] = [];
  /** Where the lists begin: what stands before was taken. */
  #first = 0;
  #total = 0;

  get count(): number {
    return this.#ids.length - this.#first;
  }

  get bytes(): number {
    return this.#total;
  }

  get oldest(): EndedRun | undefined {
    return this.#at(this.#first);
  }

  add(run: EndedRun): void {
    const place = this.#placeOf(run);
    this.#ids.splice(place, 0, run.jobId);
    this.#ends.splice(place, 0, run.ended);
    this.#bytes.splice(place, 0, run.bytes);
    this.#total += run.bytes;
  }

  delete(run: Pick<EndedRun, "jobId" | "ended">): void {
    const place = this.#placeOf(run);
    if (this.#ids[place] !== run.jobId) return;
    this.#total -= this.#bytes[place] ?? 0;
    for (const list of [this.#ids, this.#ends, this.#bytes]) list.splice(place, 1);
  }

  takeOldest(): EndedRun | undefined {
    const run = this.oldest;
    if (run === undefined) return undefined;
    this.#first++;
    this.#total -= run.bytes;
    if (this.#first > 1000 && this.#first * 2 > this.#ids.length) this.#compact();
    return run;
  }

  #at(place: number): EndedRun | undefined {
    const [jobId, ended, bytes] = [this.#ids[place], this.#ends[place], this.#bytes[place]];
    return jobId === undefined || ended === undefined || bytes === undefined
      ? undefined
      : { jobId, ended, bytes };
  }

  /** The first place whose run does not come before this one. */
  #placeOf(run: Pick<EndedRun, "jobId" | "ended">): number {
    let [low, high] = [this.#first, this.#ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#isBefore(middle, run)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isBefore(place: number, { jobId, ended }: Pick<EndedRun, "jobId" | "ended">): boolean {
    const other = this.#ends[place] ?? Infinity;
    return other < ended || (other === ended && String(this.#ids[place]) < jobId);
  }

  #compact(): void {
    this.#ids = this.#ids.slice(this.#first);
    this.#ends = this.#ends.slice(this.#first);
    this.#bytes = this.#bytes.slice(this.#first);
    this.#first = 0;
  }
}
