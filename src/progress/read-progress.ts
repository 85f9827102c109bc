import type { Progress } from "../jobs/progress.ts";
import { microseconds } from "../jobs/timestamp.ts";
import { textOf, wholeText } from "../logs/text.ts";
import { openRegular } from "../runs/regular-file.ts";
import { fileNames } from "../runs/run-directory.ts";
import type { Mask } from "../secrets/mask.ts";
import { parseProgressLine } from "./explicit.ts";
import { lastBar } from "./last-bar.ts";

/**
 * How far a job is: what it wrote to its progress file, else the last progress bar in its logs; null when neither tells.
 * Reads the ends of the files and nothing else, only when somebody asks.
 */
export async function readProgress(
  directory: string,
  startedAt: string,
  mask?: Mask,
): Promise<Progress | null> {
  const found = (await toldProgress(directory, startedAt, mask)) ?? (await shownProgress(directory, mask));
  // Once more: what stood between the parts of a secret, colours for example, is gone now.
  if (mask !== undefined && found?.text) return { ...found, text: mask.text(found.text) };
  return found ?? null;
}

/** What the last sound line of the progress file tells. */
async function toldProgress(
  directory: string,
  startedAt: string,
  mask: Mask | undefined,
): Promise<Progress | undefined> {
  const end = await readEnd(directory, fileNames.progress, undefined);
  if (end === undefined) return undefined;
  const elapsed = end.modified / 1000 - microseconds(startedAt) / 1e6;
  return completeLines(end.text)
    .reverse()
    .values()
    .map((line) => parseProgressLine(mask === undefined ? line : mask.json.hide(line), elapsed))
    .find((progress) => progress !== undefined);
}

/** Lines with their line ends, and an object after the last one: unlike a number, half of it is no JSON. */
function completeLines(text: string): string[] {
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  return last.startsWith("{") ? [...lines, last] : lines;
}

/** The last bar of the logs: of two that of the log which was written last. */
async function shownProgress(directory: string, mask: Mask | undefined): Promise<Progress | undefined> {
  const stderr = await readEnd(directory, fileNames.stderr, mask);
  const stdout = await readEnd(directory, fileNames.stdout, mask);
  return [stderr, stdout]
    .filter((end) => end !== undefined)
    .toSorted((one, other) => other.modified - one.modified)
    .values()
    .map(({ text }) => lastBar(text))
    .find((bar) => bar !== undefined);
}

/** How far back from the end of a file is looked, in bytes: a job that logs 10,000 lines a second hides no bar. */
const mostBytes = 64 * 1024;

interface End {
  readonly text: string;
  /** When the file was last written, in milliseconds since 1970. */
  readonly modified: number;
}

/** The end of a file from a line on; undefined when there is none that may be read. */
async function readEnd(directory: string, name: string, mask: Mask | undefined): Promise<End | undefined> {
  await using file = await openRegular(directory, name);
  if (file === undefined) return undefined;
  const { size, mtimeMs } = await file.stat();
  const start = Math.max(0, size - mostBytes);
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(mostBytes), 0, mostBytes, start);
  const read = buffer.subarray(0, bytesRead);
  const whole = wholeText(read, mask);
  mask?.hide(read);
  const text = textOf(read.subarray(0, whole));
  return { text: start === 0 ? text : afterLineEnd(text), modified: mtimeMs };
}

/** Without what may be the rest of a line, or of a character. */
function afterLineEnd(text: string): string {
  const at = text.search(/[\r\n]/);
  return at === -1 ? "" : text.slice(at + 1);
}
