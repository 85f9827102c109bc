import { mkdirSync, renameSync, rmSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { jobText, type Request } from "./job-record.ts";
import { isLocal } from "./local-disk.ts";
import { createFile, createFileNow, type Durability, openFolder, syncFolder } from "./record-file.ts";
import { fileOf, runDirectory, unfinishedPrefix } from "./run-directory.ts";
import { statusText } from "./status-record.ts";

/** Characters of parameters that are written without a pause in between. */
const mostAtOnce = 64 * 1024;

/** Puts a job on disk, whole or not at all: its directory is built under another name and then renamed. */
export async function createRunDirectory(
  runsDirectory: string,
  request: Request,
  durability: Durability,
): Promise<string> {
  const unfinished = join(runsDirectory, unfinishedPrefix + request.job_id);
  const directory = runDirectory(runsDirectory, request.job_id);
  const isSmall = request.parameters.length < mostAtOnce;
  if (durability === "process" && isSmall && isLocal(runsDirectory)) {
    createNow(unfinished, directory, request);
    return directory;
  }
  await using names = await openFolder(runsDirectory, durability);
  await mkdir(unfinished, { mode: 0o700 });
  try {
    await all([
      createFile(fileOf(unfinished, "job"), jobText(request), durability),
      createFile(fileOf(unfinished, "status"), statusText(request, { status: "pending" })),
    ]);
    await syncFolder(unfinished, durability);
    await rename(unfinished, directory);
    await names?.sync();
  } catch (error) {
    await rename(directory, unfinished).catch(() => undefined); // it was never renamed
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  return directory;
}

/** The same where nothing is waited for that a local disk does not answer from memory. */
function createNow(unfinished: string, directory: string, request: Request): void {
  mkdirSync(unfinished, { mode: 0o700 });
  try {
    createFileNow(fileOf(unfinished, "job"), jobText(request));
    createFileNow(fileOf(unfinished, "status"), statusText(request, { status: "pending" }));
    renameSync(unfinished, directory);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** Done when each is, so that nothing is under way any more when one of them has failed. */
async function all(steps: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(steps);
  await Promise.all(steps);
}

/** Removes what a server that was killed while it accepted a job left behind: nobody was told of it. */
export async function removeUnfinished(runsDirectory: string, names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => rm(join(runsDirectory, name), { recursive: true, force: true })));
}
