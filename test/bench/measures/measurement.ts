import type { Contestant } from "../contenders/contender.ts";
import type { FigureName, Found } from "../figures.ts";
import type { Bench } from "../machine/bench.ts";

/** What was seen of one contender, for the picture. */
export interface Comparison extends Pick<Contestant, "name" | "kind" | "isolates"> {
  readonly jobs_per_second?: number;
  /** From the submission to the callable, on an idle server, median. */
  readonly milliseconds_to_callable?: number;
}

/** What one measurement tells: its figures, and what it saw of each contender. */
export interface Result {
  readonly found: Found;
  readonly comparisons?: readonly Comparison[];
}

/** Figures that are measured together, since they need the same servers. */
export interface Measurement {
  readonly figures: readonly FigureName[];
  measure(bench: Bench): Promise<Result>;
}
