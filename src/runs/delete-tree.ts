import { constants, type Dirent, existsSync } from "node:fs";
import { chmod, type FileHandle, open, opendir, rename, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { nanoid } from "nanoid";
import { errorCode } from "./record-file.ts";

/**
 * Deletes a folder with all that is in it, or whatever else stands at a path; nothing there is fine. Follows no link and
 * enters no mounted disk. Folders that their owner may not write to are made writable. One name after the other, so that
 * neither a hundred thousand files nor a folder ten thousand deep hold anything else up.
 * @throws the first error met, once all that can be deleted is gone
 */
export async function deleteTree(path: string): Promise<void> {
  const root = await openFolder(path);
  if (root === undefined) return forgiving(unlink(path));
  try {
    await new Deletion(root, path).run();
  } finally {
    await root.close();
  }
  await forgiving(rmdir(path));
}

/** How often a folder is gone through at most: a process that goes on writing to it would never let it become empty. */
const mostRounds = 10_000;

/**
 * Every folder is moved up, right under the root, before anything in it is deleted. So no path becomes too long, and no
 * mounted disk is entered: the kernel renames no mount point (rename(2), EBUSY).
 */
class Deletion {
  readonly #root: FileHandle;
  readonly #place: string;
  /** Tells what this deletion has moved up from what was there. */
  readonly #mark = `.moved-${nanoid(10)}-`;
  #moved = 0;
  #steps = 0;
  #failure: unknown;

  constructor(root: FileHandle, path: string) {
    this.#root = root;
    this.#place = placeOf(root, path);
  }

  async run(): Promise<void> {
    await makeWritable(this.#root);
    for (let round = 0; round < mostRounds; round++) {
      const before = this.#steps;
      this.#failure = undefined;
      for await (const entry of await opendir(this.#place)) await this.#step(() => this.#delete(entry));
      if (this.#steps === before) break;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What cannot be done keeps nothing else from being done. */
  async #step(act: () => Promise<void>): Promise<void> {
    try {
      await forgiving(act());
      this.#steps++;
    } catch (error) {
      this.#failure ??= error;
    }
  }

  async #delete(entry: Dirent): Promise<void> {
    const path = join(this.#place, entry.name);
    if (!entry.isDirectory()) return unlink(path);
    if (!entry.name.startsWith(this.#mark)) return this.#moveUp(path);
    await this.#empty(path);
    await rmdir(path);
  }

  async #empty(path: string): Promise<void> {
    const folder = await openFolder(path);
    if (folder === undefined) return;
    try {
      await makeWritable(folder);
      const place = placeOf(folder, path);
      for await (const entry of await opendir(place)) {
        const inside = join(place, entry.name);
        await this.#step(() => (entry.isDirectory() ? this.#moveUp(inside) : unlink(inside)));
      }
    } finally {
      await folder.close();
    }
  }

  async #moveUp(path: string): Promise<void> {
    const target = join(this.#place, `${this.#mark}${this.#moved++}`);
    try {
      await rename(path, target);
    } catch (error) {
      if (errorCode(error) !== "EACCES") throw error;
      await using folder = await openFolder(path); // whoever moves a folder must be allowed to write to it
      if (folder !== undefined) await makeWritable(folder);
      await rename(path, target);
    }
  }
}

/** A folder itself, never what a link leads to; undefined for anything else. One that may not be read is made readable. */
async function openFolder(path: string): Promise<FileHandle | undefined> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  try {
    return await open(path, flags);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errorCode(error) ?? "")) return undefined;
    if (errorCode(error) !== "EACCES") throw error;
    await chmod(path, 0o700);
    return open(path, flags);
  }
}

async function makeWritable(folder: FileHandle): Promise<void> {
  const { mode } = await folder.stat();
  if ((mode & 0o700) !== 0o700) await folder.chmod(0o700);
}

/** A path that leads to an open folder, whatever stands in its place meanwhile (proc_pid_fd(5)), where there is /proc. */
function placeOf({ fd }: FileHandle, path: string): string {
  const place = `/proc/self/fd/${fd}`;
  return existsSync(place) ? place : path;
}

async function forgiving(act: Promise<void>): Promise<void> {
  try {
    await act;
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error; // somebody else was first
  }
}
