import { join } from "node:path";

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
} as const;

/** Where shims announce news, directly under the runs directory: the one folder that is watched. */
export const eventsFolder = ".events";

/** A run directory is built under this prefix and renamed when it is whole: what still has it was never accepted. */
export const unfinishedPrefix = ".new-";

/** Absolute path of one job's run directory. The id must have passed `isJobId`. */
export function runDirectory(runsDirectory: string, jobId: string): string {
  return join(runsDirectory, jobId);
}

export function fileOf(directory: string, name: keyof typeof fileNames): string {
  return join(directory, fileNames[name]);
}
