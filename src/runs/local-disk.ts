import { lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isLocalDisk } from "./file-facts.ts";

const local = new Map<string, number | undefined>();

/** Whether a runs directory lies on a local disk; found out once. */
export function isLocal(runsDirectory: string): boolean {
  return localDevice(runsDirectory) !== undefined;
}

/** The number of the local disk a runs directory lies on (inode(7)); undefined for any other. */
function localDevice(runsDirectory: string): number | undefined {
  if (!local.has(runsDirectory)) {
    local.set(runsDirectory, isLocalDisk(runsDirectory) ? statSync(runsDirectory).dev : undefined);
  }
  return local.get(runsDirectory);
}

/**
 * Whether what is asked of a file in a run directory is answered in less time than a thread takes to be asked: small
 * records on a local disk have mostly just been written. A job may put a link or a mount in its run directory's place.
 */
export function answersAtOnce(path: string): boolean {
  const directory = dirname(path);
  const device = localDevice(dirname(directory));
  if (device === undefined) return false;
  const facts = lstatSync(directory, { throwIfNoEntry: false });
  return facts === undefined || (facts.isDirectory() && facts.dev === device);
}
