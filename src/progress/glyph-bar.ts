import type { Progress } from "../jobs/progress.ts";
import { rateOf } from "./amounts.ts";
import { findBar, isDrawnTo } from "./find-bar.ts";
import { progressOf } from "./progress-of.ts";
import { percentageOf, shareOf } from "./share.ts";
import { remainingIn } from "./time-left.ts";

/** Reads a bar of glyphs that has a percentage or an amount of a total beside it. */
export function glyphBar(text: string): Progress | undefined {
  const bar = findBar(text);
  if (bar === undefined) return undefined;
  const percentage = percentageOf(bar);
  const share = shareOf(bar, percentage);
  const fraction = share === undefined ? percentage : share.current / share.total;
  if (fraction === undefined || !isDrawnTo(fraction, bar)) return undefined;
  const eta_seconds = fraction === 1 ? 0 : remainingIn(bar.after, fraction); // at the end bars tell how long it took
  return progressOf({ fraction, ...share, rate: rateIn(bar.after), eta_seconds, text });
}

const rates = /(?<![\d.,])\d+(?:\.\d+)? ?[a-zµ]{0,12}\/[a-z]+/gi;

function rateIn(text: string): number | undefined {
  return text
    .matchAll(rates)
    .map(([rate]) => rateOf(rate))
    .find((rate) => rate !== undefined);
}
