import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { answersAtOnce } from "./local-disk.ts";
import { errorCode } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

/** `held`: somebody holds it, as the shim does while it lives. `released`: nobody does. `missing`: there is no FIFO. */
export type Alive = "held" | "released" | "missing";

/**
 * Asks the kernel whether a shim lives: a FIFO opens for writing only while somebody holds its other end (fifo(7),
 * ENXIO). No pid takes part, so none can be mistaken for another.
 */
export async function probeAlive(directory: string): Promise<Alive> {
  if (answersAtOnce(fileOf(directory, "alive"))) return probeAliveNow(directory);
  const fifo = await openAlive(directory);
  if (typeof fifo === "string") return fifo;
  await fifo.close();
  return "held";
}

/** Wakes the shim by a byte through the FIFO it holds. What holds the byte up is told: nobody there, or no FIFO. */
export async function knock(directory: string): Promise<Alive> {
  const fifo = await openAlive(directory);
  if (typeof fifo === "string") return fifo;
  try {
    await fifo.write("c");
  } catch (error) {
    if (errorCode(error) !== "EAGAIN" && errorCode(error) !== "EPIPE") throw error; // knocked often enough, or gone
  } finally {
    await fifo.close();
  }
  return "held";
}

/** As `probeAlive`, but it waits for the kernel: only on a local disk. */
export function probeAliveNow(directory: string): Alive {
  let fifo: number | undefined;
  try {
    fifo = openSync(fileOf(directory, "alive"), flags);
    return fstatSync(fifo).isFIFO() ? "held" : "missing";
  } catch (error) {
    return notHeld(error);
  } finally {
    if (fifo !== undefined) closeSync(fifo);
  }
}

const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

async function openAlive(directory: string): Promise<FileHandle | "released" | "missing"> {
  try {
    const file = await open(fileOf(directory, "alive"), flags);
    if ((await file.stat()).isFIFO()) return file;
    await file.close();
    return "missing";
  } catch (error) {
    return notHeld(error);
  }
}

function notHeld(error: unknown): "released" | "missing" {
  const code = errorCode(error) ?? "";
  if (code === "ENXIO") return "released";
  if (["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "EACCES"].includes(code)) return "missing";
  throw error; // a lack of descriptors says nothing of the shim
}
