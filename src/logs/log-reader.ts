import type { FileHandle } from "node:fs/promises";
import { openRegular } from "../runs/regular-file.ts";
import type { Mask } from "../secrets/mask.ts";
import { textOf, wholeText } from "./text.ts";

/** A piece of a log with its place in the file, or a file that has become shorter and is told from its beginning again. */
export type LogPiece =
  | { readonly kind: "text"; readonly offset: number; readonly next: number; readonly text: string }
  | { readonly kind: "truncated"; readonly offset: number; readonly next: 0 };

/** A log; it may not be there yet. */
export interface LogFile {
  /** Absolute path of the run directory. */
  readonly directory: string;
  readonly name: string;
  /** Hides the secrets in it, if there are any. */
  readonly mask?: Mask | undefined;
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
    const { mask } = this.#log;
    const margin = mask?.margin ?? 0;
    const before = Math.min(offset, margin); // a secret may begin there
    const most = before + mostBytes + margin;
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(most), 0, most, offset - before);
    const read = buffer.subarray(0, bytesRead);
    const end = isLast && bytesRead < most ? bytesRead : wholeText(read, mask);
    if (end <= before) return undefined;
    mask?.hide(read);
    return {
      kind: "text",
      offset,
      next: offset - before + end,
      text: textOf(read.subarray(before, end)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}
