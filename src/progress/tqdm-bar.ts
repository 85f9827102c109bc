import type { Progress } from "../jobs/progress.ts";
import { amountOf, clock, rateOf, secondsOf } from "./amounts.ts";
import { progressOf } from "./progress-of.ts";

const number = String.raw`\d+(?:\.\d+)?`;

/** `45/100 [00:10<00:12, 4.39it/s, loss=0.5]`: what stands before it does not matter, and it may end after the rate. */
const ofTotal = new RegExp(
  String.raw`(?<![\d.-])(?<current>${number})(?<prefix>[kMGTPEZ]?)` +
    String.raw`\/(?:\?|(?<total>${number})(?<totalPrefix>[kMGTPEZ]?)) ?` +
    String.raw`\[-?${clock}<(?:\?|(?<remaining>${clock}))(?:\]|, *(?<rate>[^,\]]*)[,\]])`,
);

/** `45it [00:10, 4.39it/s]`: nobody knows how many there will be. */
const withoutTotal = new RegExp(
  String.raw`(?<![\d.])(?<current>${number})(?<unit>[^\d.[\]|][^[\]|]{0,40})? ` +
    String.raw`\[-?${clock}, *(?<rate>(?:\?|\d)[^,\]/]*\/s|[\d.]+s\/[^,\]]+)[,\]]`,
);

/** Reads what tqdm prints, with or without its bar. */
export function tqdmBar(text: string): Progress | undefined {
  const known = ofTotal.exec(text)?.groups;
  if (known !== undefined) return progressOf({ ...figuresOfTotal(known), text });
  const counted = withoutTotal.exec(text)?.groups;
  return counted === undefined ? undefined : progressOf({ ...figuresWithoutTotal(counted), text });
}

type Groups = Record<string, string | undefined>;

function figuresOfTotal({ current = "", prefix, total, totalPrefix, remaining, rate = "" }: Groups) {
  const done = amountOf(current, prefix);
  const all = total === undefined ? undefined : amountOf(total, totalPrefix);
  const isScaled = Boolean(prefix || totalPrefix);
  return {
    fraction: all === undefined ? undefined : done / all,
    current: done,
    total: all,
    rate: rateOf(rate, isScaled),
    eta_seconds: remaining === undefined ? undefined : secondsOf(remaining),
  };
}

function figuresWithoutTotal({ current = "", unit = "", rate = "" }: Groups) {
  const isScaled = /^(?:\d\.\d\d|\d\d\.\d)$/.test(current); // tqdm writes three digits before a prefix
  return { current: amountOf(current, unit.trimStart(), isScaled), rate: rateOf(rate, isScaled) };
}
