import { opendir, rename } from "node:fs/promises";
import { join } from "node:path";
import { nanoid } from "nanoid";
import { errorCode } from "./record-file.ts";
import { expectPresent, runDirectory, trashPrefix } from "./run-directory.ts";

/** A run directory that the kernel does not let go from its place: something is mounted there, or chattr(1) forbids it. */
export class Immovable extends Error {
  override readonly name = "Immovable";
  readonly code: string;
  constructor(jobId: string, code: string) {
    super(`the run directory of job ${jobId} cannot be moved to the trash (${code})`);
    this.code = code;
  }
}

/** Errors of rename(2) that speak of this one directory, not of the disk or the machine, and those that Node cannot name. */
const ofThisDirectory = /^(EBUSY|EXDEV|EPERM|Unknown system error.*)$/;

/**
 * Takes a run directory out of everybody's sight, whole and at once; returns where it lies then, undefined when there is
 * none. A link in its place is moved itself, and what it leads to is not touched.
 * @throws Immovable, RunsDirectoryAway, or the disk's error: then the run is what and where it was
 */
export async function moveToTrash(runsDirectory: string, jobId: string): Promise<string | undefined> {
  const trash = join(runsDirectory, `${trashPrefix}${jobId}.${nanoid(10)}`);
  try {
    await rename(runDirectory(runsDirectory, jobId), trash);
    return trash;
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (ofThisDirectory.test(code)) throw new Immovable(jobId, code);
    if (code !== "ENOENT") throw error;
    await expectPresent(runsDirectory);
    return undefined;
  }
}

/** What lies in the trash of a runs directory. */
export async function* trashIn(runsDirectory: string): AsyncGenerator<string> {
  for await (const { name } of await opendir(runsDirectory)) {
    if (name.startsWith(trashPrefix)) yield join(runsDirectory, name);
  }
}
