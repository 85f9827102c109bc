import { grown } from "./grown.ts";
import type { JobTable } from "./job-table.ts";

/** A position among the jobs, newest first: behind this job, whether it is still there or not. */
export interface Place {
  /** Microseconds since 1970, 0 for a job of which it is not known. */
  readonly created: number;
  readonly jobId: string;
}

/** The places of a table in the order in which their jobs were created, and in that of their ids where that is the same. */
export class JobOrder {
  readonly #table: JobTable;
  #places = new Uint32Array(0);
  #length = 0;
  #vacant = 0;

  constructor(table: JobTable) {
    this.#table = table;
  }

  /** How many positions there are, those of jobs that were removed included. */
  get length(): number {
    return this.#length;
  }

  /** The place of a table at a position, 0 being that of the oldest job. */
  at(position: number): number {
    return this.#places[position] ?? 0;
  }

  /** Takes in jobs of any age. */
  add(places: readonly number[]): void {
    const added = isSorted(places, this.#compare) ? places : places.toSorted(this.#compare);
    const [first] = added;
    if (first === undefined) return;
    const needed = this.#length + added.length;
    if (needed > this.#places.length) this.#places = grown(this.#places, needed);
    let from = this.#length - 1;
    let to = needed - 1;
    for (const place of added.toReversed()) {
      while (from >= 0 && this.#compare(this.at(from), place) > 0) this.#places[to--] = this.at(from--);
      this.#places[to--] = place;
    }
    this.#length = needed;
  }

  /** A job was removed: its position stays for a while, so that nothing has to be moved for it. */
  vacate(): void {
    if (++this.#vacant > 1024 && this.#vacant > this.#length / 4) this.#close();
  }

  /** Takes all vacant places out of the order, after which the table may use them again. */
  #close(): void {
    let kept = 0;
    for (let position = 0; position < this.#length; position++) {
      const place = this.at(position);
      if (this.#table.isVacant(place)) this.#table.free(place);
      else this.#places[kept++] = place;
    }
    this.#length = kept;
    this.#vacant = 0;
  }

  /** The positions, the second one not included, behind and before which no job was created within these bounds. */
  between(createdFrom = -Infinity, createdBefore = Infinity): [number, number] {
    const end =
      createdBefore === Infinity ? this.#length : this.#from(Math.max(createdBefore, Number.MIN_VALUE));
    return [this.#from(createdFrom), end];
  }

  /** The first position whose key is this one or a later one. */
  #from(key: number): number {
    return key <= 0 ? 0 : this.#search((place) => this.#key(place) >= key);
  }

  /** The first position whose job stands in the list where this one does, or before it. */
  notBehind(limit: Place): number {
    return this.#search((place) => {
      const key = this.#key(place);
      return key > limit.created || (key === limit.created && this.#table.idAt(place) >= limit.jobId);
    });
  }

  /** The first position for which something holds that holds for all later ones. */
  #search(holds: (place: number) => boolean): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(this.at(middle))) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #key(place: number): number {
    return orderKey(this.#table.createdAt(place));
  }

  #compare = (a: number, b: number): number => {
    const difference = this.#key(a) - this.#key(b);
    return difference || (this.#table.idAt(a) < this.#table.idAt(b) ? -1 : 1);
  };
}

/** What cannot be dated, or is dated before 1970, comes before all else. */
export function orderKey(created: number): number {
  return created > 0 ? created : 0;
}

function isSorted(places: readonly number[], compare: (a: number, b: number) => number): boolean {
  return places.every((place, index) => index === 0 || compare(places[index - 1] ?? 0, place) < 0);
}
