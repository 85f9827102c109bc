import { closeSync, constants, openSync, readFileSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { nanoid } from "nanoid";
import { product } from "../product.ts";
import { cacheFile } from "../runs/run-directory.ts";
import { type CachedRuns, cachedRunsIn, cachedText } from "./cached-runs.ts";
import type { JobIndex } from "./job-index.ts";

/** The first line: a cache of another version, which may have read the records in another way, is none. */
const heading = `quant-runs ${product.version} index 1\n`;

/**
 * What the cache says of ended jobs, line by line; what is missing, damaged or of another version is left out. Nothing of
 * it is believed before the proof of a job was compared with its run directory. It waits for the kernel.
 */
export function* cachedRuns(runsDirectory: string): Generator<CachedRuns> {
  const bytes = cacheBytes(join(runsDirectory, cacheFile));
  if (!bytes.subarray(0, heading.length).equals(Buffer.from(heading))) return;
  for (let start = heading.length; start < bytes.length; ) {
    const end = bytes.indexOf("\n", start);
    if (end < 0) return;
    const runs = cachedRunsIn(bytes.subarray(start, end));
    if (runs !== undefined) yield runs;
    start = end + 1;
  }
}

function cacheBytes(path: string): Buffer {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: number | undefined;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0); // without it the start takes longer, and that is all
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** How many jobs are written in one turn of the event loop: one or two milliseconds of work. */
const runsPerLine = 1000;

/**
 * Writes the ended jobs whose records are proven to the cache, whole or not at all. Requests pass in between.
 * @throws the disk's error; then the cache is what it was
 */
export async function writeCache(index: JobIndex, runsDirectory: string): Promise<void> {
  const path = join(runsDirectory, cacheFile);
  const temporary = `${path}.${nanoid(10)}`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    await using file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    await file.appendFile(heading);
    await writeLines(index, file);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeLines(index: JobIndex, file: FileHandle): Promise<void> {
  const ids = index.endedIds();
  for (let start = 0; start < ids.length; start += runsPerLine) {
    const runs = index.ended(ids.slice(start, start + runsPerLine));
    if (runs.entries.length > 0) await file.appendFile(cachedText(runs));
    await setImmediate();
  }
}
