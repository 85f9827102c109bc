import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errorCode } from "./record-file.ts";

/** What may stand in a file's place that is not for reading, and that no lack of descriptors explains. */
const unreadable = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO", "EACCES", "EISDIR"]);

/**
 * A regular file, open to be read; undefined when there is none, or a link, a FIFO or a folder in its place (open(2)).
 * Whoever asked for it closes it.
 */
export async function openRegular(path: string): Promise<FileHandle | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return undefined;
  } catch (error) {
    if (unreadable.has(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}
