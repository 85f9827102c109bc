import { lstatSync, type Stats } from "node:fs";

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
