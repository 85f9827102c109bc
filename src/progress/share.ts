import { amountOf } from "./amounts.ts";
import type { Bar } from "./find-bar.ts";

const percent = String.raw`(?<![\d.,-])(\d{1,3}(?:[.,]\d+)?) ?%`;
const percentInside = new RegExp(percent);
const percentAfter = new RegExp(String.raw`^[^\p{L}%]*?${percent}`, "u");
const percentsBefore = new RegExp(percent, "g");

/** The percentage printed over a bar, else the one right after it, else the last one before it; as a fraction. */
export function percentageOf({ before, inside, after }: Bar): number | undefined {
  const found =
    percentInside.exec(inside) ?? percentAfter.exec(after) ?? [...before.matchAll(percentsBefore)].at(-1);
  const percentage = Number(found?.[1]?.replace(",", "."));
  return percentage <= 100 ? percentage / 100 : undefined;
}

/** Done units of all: `45/100`. */
export interface Share {
  readonly current: number;
  readonly total: number;
}

const unit = String.raw`(?: ?((?:[kKMGTPE]i?)?(?:B|bytes)\b|[kKMGTPE]\b))?`;
const amount = String.raw`(\d+(?:\.\d+)?)${unit}`;
const share = String.raw`(?<![\d.,/:-])${amount} *(?:\/|of) *${amount}(?![\d/]|[.,]\d)`;
const shares = new RegExp(share, "gu");
const shareRightAfter = new RegExp(String.raw`^[^\p{L}\d]*${share}`, "u");
const shareRightBefore = new RegExp(String.raw`${share}[\s:)]*$`, "u");

/** The share that a percentage rounds; without a percentage the one that stands right beside the bar. */
export function shareOf({ before, after }: Bar, percentage: number | undefined): Share | undefined {
  if (percentage === undefined) {
    return [shareRightAfter.exec(after), shareRightBefore.exec(before)].flatMap(sharesIn)[0];
  }
  return [...after.matchAll(shares), ...before.matchAll(shares)]
    .flatMap(sharesIn)
    .find(({ current, total }) => Math.abs(current / total - percentage) <= 0.01);
}

function sharesIn(found: RegExpExecArray | null): Share[] {
  const [, current = "", ownUnit, total = "", unit] = found ?? [];
  const done = amountOf(current, ownUnit ?? unit);
  const all = amountOf(total, unit);
  return all > 0 && done <= all ? [{ current: done, total: all }] : [];
}
