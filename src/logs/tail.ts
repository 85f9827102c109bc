import type { FileHandle } from "node:fs/promises";

const blockBytes = 64 * 1024;

/** How far back lines are looked for, in bytes: a log without line ends is not read as a whole. */
export const farthestTail = 16 * 1024 * 1024;

const lineFeed = 10;

/** Offset at which the last `lines` lines of a file of this size begin; the line end at its very end closes a line. */
export async function tailOffset(file: FileHandle, size: number, lines: number): Promise<number> {
  if (lines === 0) return size;
  const farthest = Math.max(0, size - farthestTail);
  let missing = lines;
  for (let end = size - 1; end > farthest; end -= blockBytes) {
    const start = Math.max(farthest, end - blockBytes);
    const block = await readBlock(file, start, end - start);
    for (
      let at = block.lastIndexOf(lineFeed);
      at !== -1;
      at = at === 0 ? -1 : block.lastIndexOf(lineFeed, at - 1)
    ) {
      if (--missing === 0) return start + at + 1;
    }
  }
  return farthest;
}

async function readBlock(file: FileHandle, start: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(bytes), 0, bytes, start);
  return buffer.subarray(0, bytesRead);
}
