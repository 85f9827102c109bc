import { setTimeout } from "node:timers/promises";
import { type LogFile, type LogPiece, LogReader } from "./log-reader.ts";
import { Silence } from "./silence.ts";

/** What a follower sees: a piece of the log, or nothing for a while. */
export type LogNews = LogPiece | { readonly kind: "quiet" };

export interface Following extends LogFile {
  /** First byte wanted. */
  readonly offset: number;
  /** Whether nothing will be written any more. */
  readonly isOver: () => boolean;
  /** Ends the following when nobody listens any more. */
  readonly signal: AbortSignal;
  /** After how many seconds without a word `quiet` is told. */
  readonly secondsOfQuiet?: number;
}

const millisecondsBetweenLooks = 20;

/**
 * A log from an offset to its end, as it is written. The file is the buffer: nothing is read before the last piece was
 * taken, so that a slow follower costs one piece of memory.
 */
export async function* followLog(following: Following): AsyncGenerator<LogNews> {
  const { isOver, signal } = following;
  const silence = new Silence(following.secondsOfQuiet);
  await using log = new LogReader(following, following.offset);
  while (!signal.aborted) {
    const isLast = isOver(); // asked first: what was written before the end is read after it
    const news = await log.read(isLast);
    if (news === undefined && isLast) return;
    if (news !== undefined || silence.left === 0) {
      silence.begin();
      yield news ?? { kind: "quiet" };
    } else await untilNextLook(signal);
  }
}

/** Returns at once when nobody listens any more. */
export async function untilNextLook(signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(millisecondsBetweenLooks, undefined, { signal });
  } catch {
    return; // nobody listens any more
  }
}
