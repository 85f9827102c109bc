import { lstatSync, readFileSync, realpathSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** File systems whose answers come from this machine (statfs(2)): ext, XFS, Btrfs, tmpfs, overlay, F2FS, ZFS, bcachefs. */
const localTypes = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1, 0xca451a4e,
]);

/** The disk each runs directory was on when it was asked for, by its number (inode(7)); undefined for one that is not local. */
const known = new Map<string, number | undefined>();

/**
 * Whether a runs directory, with all that is in it, lies on one disk of this machine, which keeps nobody waiting. It may
 * be unmounted and come back on another one: that is found out when it is met, and one that has come from elsewhere is
 * not waited for a second time.
 */
export function isLocal(runsDirectory: string): boolean {
  return localDevice(runsDirectory) !== undefined;
}

/** The number of the local disk a runs directory lies on; undefined for any other, and while it is away. */
function localDevice(runsDirectory: string): number | undefined {
  const before = known.get(runsDirectory);
  if (before === undefined && known.has(runsDirectory)) return undefined;
  const device = deviceOf(runsDirectory);
  if (device === undefined || device === before) return device;
  const now = isLocalDisk(runsDirectory) ? device : undefined;
  known.set(runsDirectory, now);
  return now;
}

function deviceOf(folder: string): number | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false })?.dev;
  } catch {
    return undefined; // nobody can tell
  }
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

function isLocalDisk(folder: string): boolean {
  try {
    return localTypes.has(statfsSync(folder).type) && !hasMountsBelow(realpathSync(folder));
  } catch {
    return false; // nobody can tell
  }
}

/** By the table of mounts (proc_pid_mountinfo(5)), whose fifth field is the place, with spaces written as \040. */
function hasMountsBelow(folder: string): boolean {
  const places = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .map((place) =>
      place.replaceAll(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))),
    );
  return places.some((place) => place.startsWith(`${folder}/`));
}
