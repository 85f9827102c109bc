import type { Progress } from "../jobs/progress.ts";
import { glyphBar } from "./glyph-bar.ts";
import { plainLine } from "./progress-of.ts";
import { tqdmBar } from "./tqdm-bar.ts";

/** Nobody prints a longer bar; the time to look for one grows faster than the text. */
const longestBar = 2000;

/**
 * Reads one line, or what stands between two carriage returns, if a progress bar is printed there: as tqdm does it, or
 * glyphs with a percentage or an amount of a total beside them. A percentage alone is no progress but any figure.
 */
export function parseBar(text: string): Progress | undefined {
  const line = plainLine(text);
  return line.length > longestBar ? undefined : (tqdmBar(line) ?? glyphBar(line));
}
