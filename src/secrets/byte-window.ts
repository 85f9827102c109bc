import type { Mask } from "./mask.ts";

/** Looks through a stream for secrets and tells, of what goes by, `length` bytes from `before` on with them hidden. */
export function byteWindow(
  mask: Pick<Mask, "hide" | "margin">,
  before: number,
  length: number,
): TransformStream<Uint8Array, Uint8Array> {
  let seen = Buffer.alloc(0);
  let told = before; // how many of the bytes seen were told
  let left = length;
  const tellUntil = (end: number): Uint8Array => {
    const shown = Buffer.from(seen);
    mask.hide(shown);
    const piece = shown.subarray(told, Math.min(end, told + left));
    left -= piece.length;
    const forgotten = Math.max(0, end - mask.margin);
    seen = seen.subarray(forgotten);
    told = end - forgotten;
    return piece;
  };
  return new TransformStream({
    transform: (chunk, controller) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.length - mask.margin;
      if (end > told) controller.enqueue(tellUntil(end));
    },
    flush: (controller) => {
      if (seen.length > told) controller.enqueue(tellUntil(seen.length));
    },
  });
}
