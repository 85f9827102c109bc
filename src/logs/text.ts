import type { Mask } from "../secrets/mask.ts";

/**
 * How many of these bytes are whole characters of UTF-8 (RFC 3629): all but the beginning of one at the end, which the
 * next read completes. Bytes that are no UTF-8 count as whole, they are replaced one by one.
 */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) return charactersBytes(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** How many of these bytes are whole characters and begin no secret that the next read may complete. */
export function wholeText(bytes: Buffer, mask: Mask | undefined): number {
  return wholeCharacters(mask === undefined ? bytes : bytes.subarray(0, mask.openEnd(bytes)));
}

/** How many bytes a character has that begins with this one. */
function charactersBytes(first: number): number {
  if (first >= 0xf0) return first <= 0xf4 ? 4 : 1;
  return first >= 0xe0 ? 3 : 2;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of these bytes; what is no UTF-8 is replaced. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
