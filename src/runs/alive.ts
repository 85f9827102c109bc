import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { errorCode } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

/** `held`: the shim lives. `released`: it is gone. `missing`: there is no FIFO to ask. */
export type Alive = "held" | "released" | "missing";

/**
 * Asks the kernel whether a shim lives: a FIFO opens for writing only while somebody holds its other end (fifo(7),
 * ENXIO). No pid takes part, so none can be mistaken for another.
 */
export async function probeAlive(directory: string): Promise<Alive> {
  const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
  try {
    await using fifo = await open(fileOf(directory, "alive"), flags);
    return (await fifo.stat()).isFIFO() ? "held" : "missing";
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (code === "ENXIO") return "released";
    if (["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "EACCES"].includes(code)) return "missing";
    throw error; // a lack of descriptors says nothing of the shim
  }
}
