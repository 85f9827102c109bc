import type { Progress } from "../jobs/progress.ts";
import { parseBar } from "./bar.ts";

/** The last progress bar in the last bytes of a log: later lines without one, or with half a one, count for nothing. */
export function lastBar(tail: string): Progress | undefined {
  return tail
    .split(/[\r\n]+/)
    .reverse()
    .values()
    .map((segment) => parseBar(segment))
    .find((bar) => bar !== undefined);
}
