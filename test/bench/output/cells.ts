import type { Bound, Figure, Measured } from "../figures.ts";
import { judgeAll, type Verdict } from "./judge.ts";

/** One figure in words: what the table of the terminal and that of the README show. */
export interface Cells {
  readonly measure: string;
  readonly must: string;
  readonly aim: string;
  readonly measured: string;
  readonly holds: string;
}

export function cellsOf(figure: Figure, measured: Measured | undefined): Cells {
  const { measure, bounds } = figure;
  return {
    measure,
    must: limits(bounds, "must"),
    aim: limits(bounds, "aim"),
    measured: joined(bounds.map(({ unit }, index) => [shown(measured?.values[index]), unit])),
    holds: wordFor(judgeAll(figure, measured)),
  };
}

function limits(bounds: readonly Bound[], name: "must" | "aim"): string {
  if (bounds.every((bound) => bound[name] === undefined)) return "";
  const [first, ...others] = new Set(bounds.map(({ relation }) => relation));
  if (others.length === 0)
    return `${first} ${joined(bounds.map((bound) => [shown(bound[name]), bound.unit]))}`;
  return joined(bounds.map((bound) => [`${bound.relation} ${shown(bound[name])}`, bound.unit]));
}

/** `7; 12 ms`: a unit that all share is said once. */
function joined(parts: readonly (readonly [number: string, unit: string])[]): string {
  const units = new Set(parts.map(([, unit]) => unit));
  const last = parts.length - 1;
  const isLastOfItsUnit = (index: number) => units.size > 1 || index === last;
  return parts.map(([number, unit], index) => (isLastOfItsUnit(index) ? number + unit : number)).join("; ");
}

/** Three digits, or all of a whole number. */
export function shown(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

function wordFor(verdicts: readonly Verdict[]): string {
  if (verdicts.includes("unknown")) return "not measured";
  if (verdicts.every((verdict) => verdict === "told")) return "";
  if (verdicts.includes("fails")) return "no";
  return verdicts.includes("must") ? "yes" : "yes, and the aim";
}
