import { microseconds, ownMicroseconds, timestampAt } from "../jobs/timestamp.ts";
import { grown } from "./grown.ts";

/**
 * A timestamp for each of many places, eight bytes each: the moment, from which the text is made when it is asked for.
 * Only where that would make another text, as with those of the original wrapper, is the text itself kept.
 */
export class Moments {
  #moments = new Float64Array(0);
  readonly #texts = new Map<number, string>();

  set(place: number, text: string | null): void {
    if (place >= this.#moments.length) this.#moments = grown(this.#moments, place);
    const own = text === null ? Number.NaN : ownMicroseconds(text);
    this.#moments[place] = own ?? microseconds(text ?? "");
    if (own === undefined && text !== null) this.#texts.set(place, text);
    else this.#texts.delete(place);
  }

  /** Microseconds since 1970; NaN for none, and for a text that is no timestamp. */
  at(place: number): number {
    return this.#moments[place] ?? Number.NaN;
  }

  text(place: number): string | null {
    const moment = this.at(place);
    return this.#texts.get(place) ?? (Number.isNaN(moment) ? null : timestampAt(moment));
  }
}
