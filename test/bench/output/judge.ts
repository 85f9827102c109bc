import type { Bound, Figure, Measured } from "../figures.ts";

/** How a value stands to its bound. `unknown` where it was not measured, `told` where nothing is asked of it. */
export type Verdict = "aim" | "must" | "fails" | "unknown" | "told";

export function judge({ relation, must, aim }: Bound, value: number | undefined): Verdict {
  if (value === undefined || Number.isNaN(value)) return "unknown";
  const holds = (limit: number) => (relation === "≥" ? value >= limit : value <= limit);
  if (must === undefined) return "told";
  if (!holds(must)) return "fails";
  return aim !== undefined && holds(aim) ? "aim" : "must";
}

/** The verdicts of a figure's values, in their order. */
export function judgeAll(figure: Figure, measured: Measured | undefined): Verdict[] {
  return figure.bounds.map((bound, index) => judge(bound, measured?.values[index]));
}
