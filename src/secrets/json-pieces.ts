import type { JsonMask } from "./json-mask.ts";
import { unitAt } from "./json-string.ts";

/** What counts between strings. */
const quoteOrNumber = /"|-?\d[\d.eE+-]*/g;

/** JSON text that comes in pieces and is shown with its secrets hidden, the end of each piece with the next one. */
export class JsonPieces {
  readonly #mask: JsonMask;
  /** Text that was not gone over yet. It begins between two characters of a string, or two tokens. */
  #text = "";
  #isInString = false;
  /** How much of the text was shown already: a secret is hidden as a whole. */
  #told = 0;
  #shown = "";

  constructor(mask: JsonMask) {
    this.#mask = mask;
  }

  /** What can be shown now. */
  next(piece: string, isLast: boolean): string {
    this.#text += piece;
    const end = this.#goOver(isLast);
    this.#show(end, (text) => text);
    this.#text = this.#text.slice(end);
    this.#told -= end;
    const shown = this.#shown;
    this.#shown = "";
    return shown;
  }

  /** Goes over the text, as far as a secret that begins there lies in it to its end; returns how far. */
  #goOver(isLast: boolean): number {
    const limit = isLast ? this.#text.length : this.#text.length - this.#mask.longest;
    let at = 0;
    while (at < limit) {
      const found = this.#find(at);
      if (found === null || found.index >= limit) return limit;
      const end = found.index + found[0].length;
      if (end === this.#text.length && !isLast) return found.index; // a number of many digits may go on
      at = this.#isInString ? this.#passInString(found) : this.#passOutside(found);
    }
    return at;
  }

  #find(from: number): RegExpExecArray | null {
    if (this.#isInString) return this.#mask.findInString(this.#text, from);
    quoteOrNumber.lastIndex = from;
    return quoteOrNumber.exec(this.#text);
  }

  /** Of a secret, one character is passed: another may begin in the middle of it. */
  #passInString({ 0: token, index }: RegExpExecArray): number {
    if (token === '"') {
      this.#isInString = false;
      return index + 1;
    }
    const end = this.#mask.endOfSecret(this.#text, index);
    if (end > index) {
      this.#show(index, (text) => text);
      this.#show(end, (text) => "*".repeat(text.length));
    }
    return index + unitAt(this.#text, index).length;
  }

  #passOutside({ 0: token, index }: RegExpExecArray): number {
    const end = index + token.length;
    if (token === '"') this.#isInString = true;
    else if (this.#mask.isSecret(token)) {
      this.#show(index, (text) => text);
      this.#show(end, (text) => `"${"*".repeat(text.length - 2)}"`);
    }
    return end;
  }

  /** Shows the text up to here, if that was not done. */
  #show(end: number, form: (text: string) => string): void {
    if (end <= this.#told) return;
    this.#shown += form(this.#text.slice(this.#told, end));
    this.#told = end;
  }
}
