/** After how many seconds without news a stream says that it lives. */
export const usualSecondsOfQuiet = 15;

/** How long a stream has said nothing. */
export class Silence {
  readonly #seconds: number;
  #since = performance.now();

  constructor(seconds: number = usualSecondsOfQuiet) {
    this.#seconds = seconds;
  }

  begin(): void {
    this.#since = performance.now();
  }

  /** Milliseconds until it has lasted long enough to be told; 0 from then on. */
  get left(): number {
    return Math.max(0, this.#since + this.#seconds * 1000 - performance.now());
  }
}
