import type { FileHandle } from "node:fs/promises";
import type { Mask } from "../secrets/mask.ts";

/** How many bytes of a log can be told while it is written: the beginning of a secret at its end is kept back. */
export async function toldBytes(file: FileHandle, size: number, mask: Mask | undefined): Promise<number> {
  if (mask === undefined) return size;
  const most = Math.min(size, mask.margin);
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(most), 0, most, size - most);
  const end = buffer.subarray(0, bytesRead);
  return size - end.length + mask.openEnd(end);
}
