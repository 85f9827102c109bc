import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of a block as stat(2) counts them, whatever the disk's own are. */
const bytesPerBlock = 512;

/**
 * Bytes that a run directory takes of its disk, as du(1) counts: whole blocks, no holes, its folders too. Follows no link
 * and enters no other disk. What is gone or cannot be looked at counts nothing.
 */
export async function bytesOnDisk(directory: string): Promise<number> {
  const root = await factsOf(directory);
  if (root === undefined) return 0;
  let blocks = root.blocks;
  const folders = root.isDirectory() ? [directory] : [];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const path of pathsIn(folder)) {
      const facts = await factsOf(path);
      if (facts?.dev !== root.dev) continue;
      blocks += facts.blocks;
      if (facts.isDirectory()) folders.push(path);
    }
  }
  return blocks * bytesPerBlock;
}

function factsOf(path: string) {
  return lstat(path).catch(() => undefined);
}

async function* pathsIn(folder: string): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(folder)) yield join(folder, name);
  } catch {
    return; // gone meanwhile, or nothing that this user may read
  }
}
