import { Problem } from "../errors.ts";

/** Counts the streams of events that are open. */
export class Streams {
  readonly #most: number;
  #open = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * The same events, counted as a stream until they end or the client leaves, begun or not.
   * @throws Problem 503 when too many are open
   */
  count<Item>(items: AsyncGenerator<Item>): AsyncIterable<Item> {
    if (this.#open >= this.#most) {
      const headers = { "retry-after": "5" };
      throw new Problem(503, `${this.#most} streams are open, as many as may be: close some, or come back`, {
        headers,
      });
    }
    this.#open++;
    let isOpen = true;
    const close = () => {
      if (isOpen) this.#open--;
      isOpen = false;
    };
    return { [Symbol.asyncIterator]: () => closing(items, close) };
  }
}

function closing<Item>(items: AsyncGenerator<Item>, close: () => void): AsyncIterator<Item> {
  return {
    next: async () => {
      const result = await items.next().catch((error: unknown) => {
        close();
        throw error;
      });
      if (result.done) close();
      return result;
    },
    return: (value) => {
      close();
      return items.return(value);
    },
  };
}
