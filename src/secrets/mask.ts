import { byteWindow } from "./byte-window.ts";
import { JsonMask } from "./json-mask.ts";
import { maskDocument } from "./mask-document.ts";
import type { Secrets } from "./secrets-file.ts";
import { writtenForms } from "./written-forms.ts";

const star = 42;

/** Puts a `*` in the place of each byte of a secret, so that what stands behind it keeps its place. */
export class Mask {
  /** In JSON, which stays JSON. */
  readonly json: JsonMask;
  /** How far before and behind a byte one must look to tell whether it belongs to a secret. */
  readonly margin: number;
  readonly #texts: readonly string[];
  readonly #forms: readonly Buffer[];

  /** At least one secret. */
  constructor(secrets: readonly string[]) {
    const forms = secrets.flatMap(writtenForms);
    this.json = new JsonMask(forms); // a job may have written JSON of its own into a string
    this.#texts = [...new Set(forms.flatMap(writtenForms))];
    this.#forms = forms.map((form) => Buffer.from(form));
    this.margin = Math.max(...this.#forms.map(({ length }) => length)) - 1;
  }

  /** Hides every secret that lies in these bytes, in place. */
  hide(bytes: Buffer): void {
    const found = this.#forms.map((form) => ({ form, starts: startsOf(form, bytes) })); // all before the first is hidden
    for (const { form, starts } of found) {
      for (const start of starts) bytes.fill(star, start, start + form.length);
    }
  }

  /** Where bytes begin at the end that may become a secret with what follows; the number of bytes when there are none. */
  openEnd(bytes: Buffer): number {
    for (let start = Math.max(0, bytes.length - this.margin); start < bytes.length; start++) {
      if (this.#forms.some((form) => beginsWith(form, bytes, start))) return start;
    }
    return bytes.length;
  }

  /** Hides the secrets in a stream that begins `before` bytes early and ends late, of which `length` bytes are told. */
  window(before: number, length: number): TransformStream<Uint8Array, Uint8Array> {
    return byteWindow(this, before, length);
  }

  /** A text of its own. */
  text(text: string): string {
    return JSON.parse(this.json.hide(JSON.stringify(text)));
  }

  /** The text of a job's document with the secrets hidden in what the job and its client wrote. */
  document(text: string): string {
    const isPlain = !this.#texts.some((form) => text.includes(form)) && !/\\[u/]/.test(text);
    return isPlain ? text : maskDocument(text, (value) => this.json.hide(value));
  }
}

/** What hides these secrets; undefined when there are none. */
export function maskOf(secrets: Secrets): Mask | undefined {
  const values = Object.values(secrets);
  return values.length === 0 ? undefined : new Mask(values);
}

/** Every place, those that overlap too. */
function startsOf(form: Buffer, bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = bytes.indexOf(form); at !== -1; at = bytes.indexOf(form, at + 1)) starts.push(at);
  return starts;
}

/** Whether the bytes from `start` on are the beginning of a form, not all of it. */
function beginsWith(form: Buffer, bytes: Buffer, start: number): boolean {
  const length = bytes.length - start;
  if (form[0] !== bytes[start] || length >= form.length) return false;
  return form.compare(bytes, start, bytes.length, 0, length) === 0;
}
