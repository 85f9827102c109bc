/** Which jobs wait and which hold a slot: first in, first out, at most `concurrency` at once. */
export class Queue {
  readonly #concurrency: number;
  readonly #waiting = new Set<string>();
  readonly #active = new Set<string>();
  readonly #start: (jobId: string) => void;
  #expected = 0;
  #open = false;
  #filling = false;

  constructor(concurrency: number, start: (jobId: string) => void) {
    this.#concurrency = concurrency;
    this.#start = start;
  }

  /** Jobs that hold a slot. */
  get active(): ReadonlySet<string> {
    return this.#active;
  }

  /** How many jobs wait, those that are being put on disk included. */
  get waiting(): number {
    return this.#waiting.size + this.#expected;
  }

  /** Keeps a place for a job while it is put on disk; false when so many wait already. */
  async expecting<Result>(most: number, put: () => Promise<Result>): Promise<Result | "full"> {
    if (this.waiting >= most) return "full";
    this.#expected++;
    try {
      return await put();
    } finally {
      this.#expected--;
    }
  }

  /** Nothing starts before the queue is opened. */
  open(): void {
    this.#open = true;
    this.#fill();
  }

  close(): void {
    this.#open = false;
  }

  push(jobId: string): void {
    this.#waiting.add(jobId);
    this.#fill();
  }

  /** Takes the slot of a job that could not start, and makes it the first of those that wait. */
  putBack(jobId: string): void {
    const others = [...this.#waiting];
    this.#waiting.clear();
    for (const id of [jobId, ...others]) this.#waiting.add(id);
    this.#active.delete(jobId);
    this.#fill();
  }

  /** Gives a slot to a job that runs already, though more than `concurrency` may then hold one. */
  adopt(jobId: string): void {
    this.#active.add(jobId);
  }

  /** Takes a job out, whether it waits or holds a slot. */
  release(jobId: string): void {
    this.#waiting.delete(jobId);
    this.#active.delete(jobId);
    this.#fill();
  }

  /** One start in each turn of the event loop: a spawn blocks it, and requests must pass in between. */
  #fill(): void {
    if (this.#filling) return;
    this.#filling = true;
    setImmediate(() => {
      this.#filling = false;
      const [jobId] = this.#waiting;
      if (jobId === undefined || !this.#open || this.#active.size >= this.#concurrency) return;
      this.#waiting.delete(jobId);
      this.#active.add(jobId);
      this.#start(jobId);
      this.#fill();
    });
  }
}
