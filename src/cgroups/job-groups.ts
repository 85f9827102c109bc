import { mkdir, readdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Limits } from "../jobs/limits.ts";
import { errorCode } from "../runs/record-file.ts";
import type { Delegation } from "./delegation.ts";
import { setFile, wordsIn } from "./kernel-file.ts";

/** The control groups that bound jobs. A group has its job's id for a name, so that every later server finds it. */
export interface JobGroups {
  /**
   * Makes the group of a job that is to be started, and returns its folder; undefined when none would bound it.
   * @throws the file system's error when it cannot be made
   */
  make(jobId: string, limits: Limits): Promise<string | undefined>;
  /** Ends every process of a job, and removes its group. Returns how many there were. */
  end(jobId: string): Promise<number>;
  /** Removes the group of a job that has ended; one in which a process was let live stays. */
  remove(jobId: string): Promise<void>;
  /** Removes what earlier servers and shims have left of jobs that have ended; groups of anybody else's stay. */
  tidy(hasEnded: (jobId: string) => boolean): Promise<void>;
}

/** Where setrlimit(2) alone bounds jobs. */
export const noGroups: JobGroups = {
  make: async () => undefined,
  end: async () => 0,
  remove: async () => undefined,
  tidy: async () => undefined,
};

export function jobGroups(delegation: Delegation): JobGroups {
  if ("obstacle" in delegation) return noGroups;
  const { folder, controllers } = delegation;
  const remove = (jobId: string) => removeTree(join(folder, jobId));
  return {
    make: (jobId, limits) => makeGroup(join(folder, jobId), settingsFor(limits, controllers)),
    end: (jobId) => endGroup(join(folder, jobId)),
    remove: async (jobId) => void (await remove(jobId)),
    tidy: async (hasEnded) =>
      void (await Promise.all((await foldersIn(folder)).filter(hasEnded).map(remove))),
  };
}

/** What is written to which file of a group. */
type Settings = readonly (readonly [file: string, value: string])[];

/**
 * Memory counts without swap, and who runs out of it ends whole: half a job would wait for its other half. Only a job
 * with such a limit gets a group: the kernel takes some 14 ms to move a process, more than a job costs else.
 */
function settingsFor({ memory_bytes, processes }: Limits, controllers: readonly string[]): Settings {
  const settings: [string, string][] = [];
  if (memory_bytes !== null && controllers.includes("memory")) {
    settings.push(["memory.swap.max", "0"], ["memory.oom.group", "1"], ["memory.max", String(memory_bytes)]);
  }
  if (processes !== null && controllers.includes("pids")) settings.push(["pids.max", String(processes)]);
  return settings;
}

async function makeGroup(folder: string, settings: Settings): Promise<string | undefined> {
  if (settings.length === 0) return undefined;
  await mkdir(folder, { recursive: true });
  for (const [file, value] of settings) await set(join(folder, file), value);
  return folder;
}

/** Files that a kernel may be without. */
const optional = new Set(["memory.swap.max", "memory.oom.group"]);

async function set(path: string, value: string): Promise<void> {
  try {
    await setFile(path, value);
  } catch (error) {
    const isMissing = errorCode(error) === "ENOENT" && [...optional].some((name) => path.endsWith(name));
    if (!isMissing) throw error;
  }
}

/** How long those that were killed may take to be gone; after that the next server removes the group. */
const mostLooks = 100;
const millisecondsBetweenLooks = 20;

async function endGroup(folder: string): Promise<number> {
  const processes = await wordsIn(join(folder, "cgroup.procs")).catch(() => []); // there is no such group
  await setFile(join(folder, "cgroup.kill"), "1").catch(() => undefined); // gone, or Linux before 5.14
  for (let look = 0; !(await removeTree(folder)) && look < mostLooks; look++) {
    await setTimeout(millisecondsBetweenLooks);
  }
  return processes.length;
}

/** A group with those that a job has made in it, innermost first; its files go with it. False when something lives there. */
async function removeTree(folder: string): Promise<boolean> {
  for (const name of await foldersIn(folder)) await removeTree(join(folder, name));
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    return errorCode(error) === "ENOENT";
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []); // not there
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
