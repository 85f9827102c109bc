import { microseconds, ownMicroseconds, timestampAt } from "../jobs/timestamp.ts";
import { grown } from "./grown.ts";

/** A timestamp as it is kept: microseconds since 1970, or its text where they would make another one; null for none. */
export type Moment = number | string | null;

export function momentOf(text: string | null): Moment {
  return text === null ? null : (ownMicroseconds(text) ?? text);
}

/** When something happened that was told of by now: the records can name any date, or none (NaN). */
export function plausible(moment: number, now: number): number {
  return Number.isNaN(moment) ? now : Math.min(Math.max(moment, 0), now);
}

/**
 * A timestamp for each of many places, eight bytes each: the moment, from which the text is made when it is asked for.
 * Only where that would make another text, as with those of the original wrapper, is the text itself kept.
 */
export class Moments {
  #moments = new Float64Array(0);
  readonly #texts = new Map<number, string>();

  set(place: number, moment: Moment): void {
    if (place >= this.#moments.length) this.#moments = grown(this.#moments, place);
    if (typeof moment === "string") {
      this.#moments[place] = microseconds(moment);
      this.#texts.set(place, moment);
    } else {
      this.#moments[place] = moment ?? Number.NaN;
      this.#texts.delete(place);
    }
  }

  get(place: number): Moment {
    const moment = this.at(place);
    return this.#texts.get(place) ?? (Number.isNaN(moment) ? null : moment);
  }

  /** Microseconds since 1970; NaN for none, and for a text that is no timestamp. */
  at(place: number): number {
    return this.#moments[place] ?? Number.NaN;
  }

  text(place: number): string | null {
    const moment = this.get(place);
    return typeof moment === "number" ? timestampAt(moment) : moment;
  }
}
