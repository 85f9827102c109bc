import { JsonPieces } from "./json-pieces.ts";
import { unitAt } from "./json-string.ts";

/** Hides secrets in JSON text: in its strings, however their characters are escaped, and as numbers. */
export class JsonMask {
  /** How many characters a secret takes at most, with all of them escaped. */
  readonly longest: number;
  readonly #secrets: ReadonlySet<string>;
  /** With what a secret, an escape or the end of a string begins. */
  readonly #beginnings: RegExp;

  constructor(secrets: readonly string[]) {
    this.longest = 6 * Math.max(...secrets.map(({ length }) => length));
    this.#secrets = new Set(secrets);
    this.#beginnings = new RegExp(['"', "\\\\", ...new Set(secrets.map(beginningOf))].join("|"), "g");
  }

  /** A text as a whole. */
  hide(text: string): string {
    return new JsonPieces(this).next(text, true);
  }

  /** The bytes of a text as they come, of any number. */
  stream(): TransformStream<Uint8Array, Uint8Array> {
    const pieces = new JsonPieces(this);
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const encoded = (piece: string, isLast: boolean) => Buffer.from(pieces.next(piece, isLast));
    return new TransformStream({
      transform: (bytes, controller) =>
        controller.enqueue(encoded(decoder.decode(bytes, { stream: true }), false)),
      flush: (controller) => controller.enqueue(encoded(decoder.decode(), true)),
    });
  }

  isSecret(text: string): boolean {
    return this.#secrets.has(text);
  }

  /** The next place in a string where one must look closer. */
  findInString(text: string, from: number): RegExpExecArray | null {
    this.#beginnings.lastIndex = from;
    return this.#beginnings.exec(text);
  }

  /** Where the longest secret ends that begins here in a string; here when there is none. */
  endOfSecret(text: string, start: number): number {
    return Math.max(...this.#secrets.values().map((secret) => endOf(secret, text, start)));
  }
}

/** Source of an expression for the first two characters, the second of which may be escaped. */
function beginningOf(secret: string): string {
  return `${RegExp.escape(secret.charAt(0))}(?:${RegExp.escape(secret.charAt(1))}|\\\\)`;
}

function endOf(secret: string, text: string, start: number): number {
  let end = start;
  for (let index = 0; index < secret.length; index++) {
    const { unit, length } = unitAt(text, end);
    if (unit !== secret[index]) return start;
    end += length;
  }
  return end;
}
