import { existsSync } from "node:fs";
import { join } from "node:path";
import { isLocal } from "./local-disk.ts";
import { exists } from "./record-file.ts";

/** The files of a run directory that have a meaning; everything else in it is the callable's own. */
export const fileNames = {
  job: "job.json",
  status: "status.json",
  stdout: "stdout.log",
  stderr: "stderr.log",
  claim: "claim",
  alive: "alive",
  result: "result.json",
  exit: "exit.json",
  cancel: "cancel.json",
  progress: "progress.jsonl",
  pinned: "pinned",
} as const;

/** Where the server that serves a runs directory says who it is. */
export const lockFile = ".lock";

/** Where shims announce news, directly under the runs directory: the one folder that is watched. */
export const eventsFolder = ".events";

/** What the server remembers of ended jobs, to start sooner; nothing is lost with it. */
export const cacheFile = ".index";

/** A run directory is built under this prefix and renamed when it is whole: what still has it was never accepted. */
export const unfinishedPrefix = ".new-";

/** A run directory is renamed to this prefix before it is deleted: what has it is no job any more. */
export const trashPrefix = ".trash-";

/** A runs directory that is served has been unmounted or moved: nothing can be said of its jobs until it is back. */
export class RunsDirectoryAway extends Error {
  override readonly name = "RunsDirectoryAway";
  constructor(runsDirectory: string) {
    super(`${runsDirectory} is away: what happened to its jobs cannot be said until it is back`);
  }
}

/** Whether what a server keeps in its runs directory is not there: another disk, or none, has its place. */
export async function isAway(runsDirectory: string): Promise<boolean> {
  const [events, lock] = [join(runsDirectory, eventsFolder), join(runsDirectory, lockFile)];
  if (isLocal(runsDirectory)) return !existsSync(events) && !existsSync(lock);
  return !(await exists(events)) && !(await exists(lock));
}

/** @throws RunsDirectoryAway when it has been unmounted or moved */
export async function expectPresent(runsDirectory: string): Promise<void> {
  if (await isAway(runsDirectory)) throw new RunsDirectoryAway(runsDirectory);
}

/** Absolute path of one job's run directory. The id must have passed `isJobId`. */
export function runDirectory(runsDirectory: string, jobId: string): string {
  return `${runsDirectory}/${jobId}`; // much faster than join, and neither part needs any tidying
}

export function fileOf(directory: string, name: keyof typeof fileNames): string {
  return `${directory}/${fileNames[name]}`;
}
