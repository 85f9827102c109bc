import type { Stats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of a block as stat(2) counts them, whatever the disk's own are. */
const bytesPerBlock = 512;

/**
 * Bytes that a run directory takes of its disk, as du(1) counts: whole blocks, no holes, its folders too, and a file
 * of many names once. Follows no link and enters no other disk. What is gone or cannot be looked at counts nothing.
 */
export async function bytesOnDisk(directory: string): Promise<number> {
  const root = await factsOf(directory);
  if (root === undefined) return 0;
  let blocks = root.blocks;
  const linked = new Set<number>();
  const folders = root.isDirectory() ? [directory] : [];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const path of pathsIn(folder)) {
      const facts = await factsOf(path);
      if (facts?.dev !== root.dev || hasBeenMet(linked, facts)) continue;
      blocks += facts.blocks;
      if (facts.isDirectory()) folders.push(path);
    }
  }
  return blocks * bytesPerBlock;
}

/** Whether a file was met under another of its names; only what has several need be remembered. */
function hasBeenMet(linked: Set<number>, facts: Stats): boolean {
  if (facts.isDirectory() || facts.nlink < 2) return false;
  const isKnown = linked.has(facts.ino);
  linked.add(facts.ino);
  return isKnown;
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
