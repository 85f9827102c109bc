import { constants } from "node:fs";
import { access, open } from "node:fs/promises";
import type { ProcessIdentity } from "../jobs/job.ts";
import { processLives } from "./process-lives.ts";
import { createWhole, errorCode } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

/** Who wants a job stopped, and since when. */
export interface CancelRequest {
  readonly requested_by: string;
  readonly requested_at: string;
}

/**
 * Puts the wish on disk, where the shim finds it even if the server is killed now. The first wish stays. Where the job
 * has deleted its run directory there is no place for it: then the signal of `wakeShim` has to do.
 */
export async function writeCancelRequest(directory: string, request: CancelRequest): Promise<void> {
  try {
    const text = `${JSON.stringify({ version: 1, ...request }, null, 2)}\n`;
    await createWhole(fileOf(directory, "cancel"), text, "process");
  } catch (error) {
    if (errorCode(error) !== "EEXIST" && errorCode(error) !== "ENOENT") throw error;
  }
}

export async function hasCancelRequest(directory: string): Promise<boolean> {
  try {
    await access(fileOf(directory, "cancel"));
    return true;
  } catch {
    return false; // nobody asked, or the run directory is gone
  }
}

/**
 * Tells the shim to look for a wish, by a byte through the FIFO it holds: no pid takes part, so no stranger is hit. Only
 * where the job has deleted the FIFO is the shim sent SIGTERM, and only after its pid, start time and boot id agreed.
 */
export async function wakeShim(directory: string, shim: ProcessIdentity | null): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
  try {
    await using fifo = await open(fileOf(directory, "alive"), flags);
    if ((await fifo.stat()).isFIFO()) await fifo.write("c");
  } catch (error) {
    if (errorCode(error) === "EAGAIN" || errorCode(error) === "ENXIO") return; // told often enough, or gone
    if (shim !== null && (await processLives(shim))) process.kill(shim.pid, "SIGTERM");
  }
}

/** Lets a shim go on that somebody, its own job perhaps, has stopped (SIGSTOP): it has a wish to hear. */
export async function continueShim(shim: ProcessIdentity | null): Promise<void> {
  if (shim !== null && (await processLives(shim))) process.kill(shim.pid, "SIGCONT");
}
