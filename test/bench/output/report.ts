import { type Found, figureNames, figures } from "../figures.ts";
import type { Facts } from "../machine/facts.ts";
import type { Comparison } from "../measures/measurement.ts";
import { judgeAll } from "./judge.ts";

/** All that a run of the harness found. */
export interface Report {
  readonly facts: Facts;
  /** A short trial: good to see that all works, not for the figures. */
  readonly quick: boolean;
  readonly found: Found;
  readonly comparisons: readonly Comparison[];
}

/** What two measurements saw of the same contender, as one. */
export function merged(comparisons: readonly Comparison[]): Comparison[] {
  const byName = new Map<string, Comparison>();
  for (const each of comparisons) byName.set(each.name, { ...byName.get(each.name), ...each });
  return [...byName.values()];
}

/** The report as JSON for programs: bounds, values and verdicts of each figure beside each other. */
export function jsonText({ facts, quick, found, comparisons }: Report): string {
  const told = figureNames.map((name) => {
    const { measure, bounds } = figures[name];
    const verdicts = judgeAll(figures[name], found[name]);
    const values = bounds.map((bound, index) => ({
      ...bound,
      unit: bound.unit.trim(),
      measured: found[name]?.values[index] ?? null,
      verdict: verdicts[index],
    }));
    return { name, measure, values, note: found[name]?.note ?? null };
  });
  return `${JSON.stringify({ version: 1, quick, facts, figures: told, comparisons }, null, 2)}\n`;
}
