import { lstat, unlink } from "node:fs/promises";
import { createFile, type Durability, errorCode, syncFolder } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

/** Something else than a file bears the name by which runs are pinned. */
export class NoPin extends Error {
  override readonly name = "NoPin";
}

/**
 * Whether a run is pinned: whatever bears that name in its run directory pins it.
 * @throws the disk's error where that cannot be said
 */
export async function isPinned(directory: string): Promise<boolean> {
  try {
    await lstat(fileOf(directory, "pinned"));
    return true;
  } catch (error) {
    if (isNothingThere(error)) return false;
    throw error;
  }
}

/** Pins a run; one that is pinned stays so. False when there is no run directory, or a link in its place. */
export async function pin(directory: string, durability: Durability): Promise<boolean> {
  try {
    if (!(await lstat(directory)).isDirectory()) return false;
    await createFile(fileOf(directory, "pinned"), "", durability);
    await syncFolder(directory, durability);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return true;
    if (isNothingThere(error)) return false;
    throw error;
  }
}

/**
 * Lets a run be removed again.
 * @throws NoPin where a folder bears the name, which is not ours to delete
 */
export async function unpin(directory: string): Promise<void> {
  try {
    if ((await lstat(directory)).isDirectory()) await unlink(fileOf(directory, "pinned"));
  } catch (error) {
    if (isNothingThere(error)) return;
    if (errorCode(error) === "EISDIR") throw new NoPin(fileOf(directory, "pinned"));
    throw error;
  }
}

function isNothingThere(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "");
}
