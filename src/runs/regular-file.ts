import { constants } from "node:fs";
import { type FileHandle, open, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "./record-file.ts";

/** What may stand in a file's place that is not for reading, and that no lack of descriptors explains. */
const unreadable = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EACCES", "EISDIR", "ENAMETOOLONG"]);

/**
 * A regular file of a run directory, open to be read; undefined when there is none, or a link, a FIFO or a folder in its
 * place (open(2)). Where the open file really lies is asked of the kernel (proc_pid_fd(5)): neither a folder on the way
 * nor the run directory itself may be a link, or be swapped for one meanwhile. Whoever asked for the file closes it.
 */
export async function openRegular(directory: string, path: string): Promise<FileHandle | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: FileHandle | undefined;
  try {
    file = await open(join(directory, path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const place = join(await realpath(dirname(directory)), basename(directory), path);
    if ((await file.stat()).isFile() && (await placeOf(file, join(directory, path))) === place) return file;
    await file.close();
    return undefined;
  } catch (error) {
    await file?.close();
    if (unreadable.has(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

async function placeOf(file: FileHandle, path: string): Promise<string> {
  try {
    return await readlink(`/proc/self/fd/${file.fd}`);
  } catch {
    return realpath(path); // no /proc on this system
  }
}
