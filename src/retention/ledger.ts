/** An ended run as the rules see it. */
export interface EndedRun {
  readonly jobId: string;
  /** When it ended, in microseconds since 1970. */
  readonly ended: number;
  /** What it takes of the disk; 0 where nobody asks. */
  readonly bytes: number;
}

/** By what a run is found. */
type Key = Pick<EndedRun, "jobId" | "ended">;

/**
 * The ended runs that a rule may remove, in the order of their ends, with their number and bytes. They come in any order
 * when a server starts, and there may be a hundred thousand: so they lie in blocks, each short enough to be changed in
 * microseconds.
 */
export class Ledger {
  readonly #blocks: Block[] = [];
  #count = 0;
  #bytes = 0;

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): EndedRun | undefined {
    return this.#blocks[0]?.at(0);
  }

  add(run: EndedRun): void {
    const index = this.#blockOf(run);
    const block = this.#blocks[index] ?? new Block();
    block.add(run);
    this.#blocks.splice(index, 1, ...block.halves());
    this.#count++;
    this.#bytes += run.bytes;
  }

  delete(key: Key): void {
    const index = this.#blockOf(key);
    const block = this.#blocks[index];
    const run = block?.delete(key);
    if (block === undefined || run === undefined) return;
    if (block.size === 0) this.#blocks.splice(index, 1);
    this.#count--;
    this.#bytes -= run.bytes;
  }

  takeOldest(): EndedRun | undefined {
    const { oldest } = this;
    if (oldest !== undefined) this.delete(oldest);
    return oldest;
  }

  /** The last block that begins before a run or with it, else the first. */
  #blockOf(key: Key): number {
    const behind = firstThat(this.#blocks.length, (index) => {
      const first = this.#blocks[index]?.at(0);
      return first !== undefined && isBefore(key, first);
    });
    return Math.max(0, behind - 1);
  }
}

const mostInBlock = 512;

/** Some runs in order: three lists, of 24 bytes a run in all, rather than an object for each. */
class Block {
  readonly #ids: string[];
  readonly #ends: number[];
  readonly #bytes: number[];

  constructor(ids: string[] = [], ends: number[] = [], bytes: number[] = []) {
    this.#ids = ids;
    this.#ends = ends;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#ids.length;
  }

  at(place: number): EndedRun | undefined {
    const [jobId, ended, bytes] = [this.#ids[place], this.#ends[place], this.#bytes[place]];
    if (jobId === undefined || ended === undefined || bytes === undefined) return undefined;
    return { jobId, ended, bytes };
  }

  add({ jobId, ended, bytes }: EndedRun): void {
    const place = this.#placeOf({ jobId, ended });
    this.#ids.splice(place, 0, jobId);
    this.#ends.splice(place, 0, ended);
    this.#bytes.splice(place, 0, bytes);
  }

  delete(key: Key): EndedRun | undefined {
    const place = this.#placeOf(key);
    const run = this.at(place);
    if (run?.jobId !== key.jobId) return undefined;
    for (const list of [this.#ids, this.#ends, this.#bytes]) list.splice(place, 1);
    return run;
  }

  /** This block, or two where it has become too long. */
  halves(): Block[] {
    if (this.size <= mostInBlock) return [this];
    const half = this.size >> 1;
    return [this, new Block(this.#ids.splice(half), this.#ends.splice(half), this.#bytes.splice(half))];
  }

  #placeOf(key: Key): number {
    return firstThat(this.size, (place) => {
      const run = this.at(place);
      return run !== undefined && !isBefore(run, key);
    });
  }
}

function isBefore(one: Key, other: Key): boolean {
  return one.ended < other.ended || (one.ended === other.ended && one.jobId < other.jobId);
}

/** The first place of which something holds that holds of all behind it; the length when it holds of none. */
function firstThat(length: number, holds: (place: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
