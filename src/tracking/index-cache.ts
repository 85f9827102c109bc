import { closeSync, constants, existsSync, openSync, readSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { nanoid } from "nanoid";
import { product } from "../product.ts";
import { cacheFile } from "../runs/run-directory.ts";
import { type CachedRuns, cachedRunsIn, cachedText } from "./cached-runs.ts";
import type { JobIndex } from "./job-index.ts";

/** The first line: a cache of another version, which may have read the records in another way, is none. */
const heading = Buffer.from(`quant-runs ${product.version} index 1\n`);

/** How many jobs a line tells of at most: one or two milliseconds of work. */
const runsPerLine = 1000;

/**
 * How many bytes a line has at most. A thousand jobs take 0.1 MB, and 0.3 MB where each has a key and a label of its own;
 * what would take more is told in several lines, and a longer line is none that was written here.
 */
const longestLine = 8 * 1024 * 1024;

/** Whether there is any, be it good for something or not. */
export function hasCache(runsDirectory: string): boolean {
  return existsSync(join(runsDirectory, cacheFile));
}

/**
 * What the cache says of ended jobs, line by line; what is missing, damaged or of another version is left out. Nothing of
 * it is believed before the proof of a job was compared with its run directory. It waits for the kernel.
 */
export function* cachedRuns(runsDirectory: string): Generator<CachedRuns> {
  using file = openCache(join(runsDirectory, cacheFile));
  if (!hasHeading(file)) return;
  for (const line of linesIn(file)) {
    const runs = cachedRunsIn(line);
    if (runs !== undefined) yield runs;
  }
}

function hasHeading(file: OpenCache): boolean {
  const begin = Buffer.alloc(heading.length);
  return file.read(begin) === heading.length && begin.equals(heading);
}

/** The lines that are left of a file, one in memory at a time, up to the last line break or a line that is too long. */
function* linesIn(file: OpenCache): Generator<Buffer> {
  let buffer = Buffer.allocUnsafe(256 * 1024);
  let filled = 0;
  for (let count = file.read(buffer); count > 0; count = file.read(buffer.subarray(filled))) {
    filled += count;
    let start = 0;
    const content = buffer.subarray(0, filled);
    for (let end = content.indexOf(10); end >= 0; end = content.indexOf(10, start)) {
      yield content.subarray(start, end);
      start = end + 1;
    }
    buffer.copyWithin(0, start, filled);
    filled -= start;
    if (filled === longestLine) return;
    if (filled === buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(filled)]);
  }
}

interface OpenCache extends Disposable {
  /** How many bytes were read; 0 at the end, and where there is nothing to read. */
  read(buffer: Buffer): number;
}

/** Without a cache the start takes longer, and that is all. */
function openCache(path: string): OpenCache {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return { read: (buffer) => readFrom(file, buffer), [Symbol.dispose]: () => closeSync(file) };
  } catch {
    return { read: () => 0, [Symbol.dispose]: () => undefined };
  }
}

function readFrom(file: number, buffer: Buffer): number {
  try {
    return readSync(file, buffer);
  } catch {
    return 0; // a folder or a FIFO, or a disk that fails
  }
}

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
    for (const line of linesOf(index, ids.slice(start, start + runsPerLine))) await file.appendFile(line);
    await setImmediate(); // requests pass in between
  }
}

/** What is to be told of these jobs, in one line or, where that would be too long, in the lines of either half of them. */
function* linesOf(index: JobIndex, ids: readonly string[]): Generator<string> {
  const runs = index.ended(ids);
  if (runs.entries.length === 0) return;
  const line = cachedText(runs);
  const half = ids.length >> 1;
  if (half === 0 || Buffer.byteLength(line) <= longestLine) yield line;
  else for (const some of [ids.slice(0, half), ids.slice(half)]) yield* linesOf(index, some);
}
