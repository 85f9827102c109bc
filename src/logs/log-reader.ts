import type { FileHandle } from "node:fs/promises";
import { openRegular } from "../runs/regular-file.ts";
import { textOf, wholeCharacters } from "./text.ts";

/** A piece of a log with its place in the file, or a file that has become shorter and is told from its beginning again. */
export type LogPiece =
  | { readonly kind: "text"; readonly offset: number; readonly next: number; readonly text: string }
  | { readonly kind: "truncated"; readonly offset: number; readonly next: 0 };

/** A log; it may not be there yet. */
export interface LogFile {
  /** Absolute path of the run directory. */
  readonly directory: string;
  readonly name: string;
}

const mostBytes = 32 * 1024;

/** Reads a log piece by piece while it is written. It is opened when it is there. */
export class LogReader implements AsyncDisposable {
  readonly #log: LogFile;
  #file: FileHandle | undefined;
  #offset: number;

  constructor(log: LogFile, offset: number) {
    this.#log = log;
    this.#offset = offset;
  }

  /** First byte that was not read yet. */
  get offset(): number {
    return this.#offset;
  }

  /** The next piece, cut between two characters unless it is the last one; undefined when there is none (yet). */
  async read(isLast: boolean): Promise<LogPiece | undefined> {
    const piece = await this.#piece(this.#offset, isLast);
    if (piece !== undefined) this.#offset = piece.next;
    return piece;
  }

  async #piece(offset: number, isLast: boolean): Promise<LogPiece | undefined> {
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
