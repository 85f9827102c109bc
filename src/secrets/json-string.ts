/** Escapes of JSON of one letter (RFC 8259, section 7). */
const shortEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** A unit of UTF-16 in the text of a JSON string, and how many letters it is written with; none for what ends it. */
export function unitAt(text: string, at: number): { unit: string | undefined; length: number } {
  if (text[at] === '"') return { unit: undefined, length: 1 };
  if (text[at] !== "\\") return { unit: text[at], length: 1 };
  const letter = text.charAt(at + 1);
  if (letter !== "u") return { unit: shortEscapes[letter], length: 2 };
  return { unit: String.fromCharCode(Number.parseInt(text.slice(at + 2, at + 6), 16)), length: 6 };
}
