import { lstatSync, readFileSync, realpathSync, type Stats, statfsSync } from "node:fs";

/**
 * What tells a file from any other and from what it was before. Whoever changes it, in place or by another in its place,
 * changes the time of its last change, which nobody can set (inode(7), ctime).
 */
export type FileFacts = Pick<Stats, "dev" | "ino" | "size" | "ctimeMs">;

/** How long ago, in milliseconds, a file must have changed last: a change right behind it could have the same time. */
const settlingTime = 2500;

/** Whether a file that is changed after this moment, in milliseconds since 1970, will show it. */
export function hasSettled({ ctimeMs }: FileFacts, moment: number): boolean {
  return ctimeMs < moment - settlingTime;
}

/**
 * What stands at a path now; undefined for nothing. It waits for the kernel: only for paths on a local disk, of which the
 * kernel knows the facts by heart (it was asked for them before).
 */
export function factsNow(path: string): FileFacts | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // a folder on the way is none
  }
}

export function isSame(one: FileFacts, other: FileFacts): boolean {
  return (
    one.ino === other.ino && one.ctimeMs === other.ctimeMs && one.size === other.size && one.dev === other.dev
  );
}

/** File systems whose answers come from this machine (statfs(2)): ext, XFS, Btrfs, tmpfs, overlay, F2FS, ZFS, bcachefs. */
const localTypes = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1, 0xca451a4e,
]);

/** Whether a folder, with all that is in it, lies on one disk of this machine, which keeps nobody waiting. */
export function isLocalDisk(folder: string): boolean {
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
