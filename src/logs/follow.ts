import type { FileHandle } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { openRegular } from "../runs/regular-file.ts";
import { textOf, wholeCharacters } from "./text.ts";

/** What a follower sees: text with its place in the file, a file that has become shorter, or nothing for a while. */
export type LogNews =
  | { readonly kind: "text"; readonly offset: number; readonly next: number; readonly text: string }
  | { readonly kind: "truncated"; readonly offset: number; readonly next: 0 }
  | { readonly kind: "quiet" };

/** A log; it may not be there yet. */
export interface LogFile {
  /** Absolute path of the run directory. */
  readonly directory: string;
  readonly name: string;
}

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

const mostBytes = 32 * 1024;
const millisecondsBetweenLooks = 20;

/**
 * A log from an offset to its end, as it is written. The file is the buffer: nothing is read before the last piece was
 * taken, so that a slow follower costs one piece of memory.
 */
export async function* followLog(following: Following): AsyncGenerator<LogNews> {
  const { isOver, signal, secondsOfQuiet = 15 } = following;
  let { offset } = following;
  let spoke = performance.now();
  await using log = new OpenLog(following);
  while (!signal.aborted) {
    const isLast = isOver(); // asked first: what was written before the end is read after it
    const news = await log.read(offset, isLast);
    if (news !== undefined) offset = news.next;
    else if (isLast) return;
    const isQuiet = news === undefined && performance.now() - spoke >= secondsOfQuiet * 1000;
    if (news !== undefined || isQuiet) {
      spoke = performance.now();
      yield news ?? { kind: "quiet" };
    } else await pause(signal);
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(millisecondsBetweenLooks, undefined, { signal });
  } catch {
    return; // nobody listens any more
  }
}

/** A log that is opened when it is there. */
class OpenLog implements AsyncDisposable {
  readonly #log: LogFile;
  #file: FileHandle | undefined;

  constructor(log: LogFile) {
    this.#log = log;
  }

  /** The next piece, cut between two characters unless it is the last one; undefined when there is none (yet). */
  async read(offset: number, isLast: boolean): Promise<Exclude<LogNews, { kind: "quiet" }> | undefined> {
    this.#file ??= await openRegular(this.#log.directory, this.#log.name);
    if (this.#file === undefined) return undefined;
    const { size } = await this.#file.stat();
    if (size < offset) return { kind: "truncated", offset, next: 0 };
    if (size === offset) return undefined;
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(mostBytes), 0, mostBytes, offset);
    const read = buffer.subarray(0, bytesRead);
    const bytes = isLast && bytesRead < mostBytes ? bytesRead : wholeCharacters(read);
    if (bytes === 0) return undefined;
    return { kind: "text", offset, next: offset + bytes, text: textOf(read.subarray(0, bytes)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}
