import { existsSync } from "node:fs";
import type { ProcessIdentity } from "../jobs/job.ts";
import { signalProven } from "../processes/process-lives.ts";
import { knock } from "./alive.ts";
import { answersAtOnce } from "./local-disk.ts";
import { createWhole, errorCode, exists } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

/** Who wants a job stopped, and since when. */
export interface CancelRequest {
  readonly requested_by: string;
  readonly requested_at: string;
}

/**
 * Asks the shim to stop its job: by a wish on disk, or where the disk takes none, by a signal.
 * @throws the disk's error where no shim could be signalled either
 */
export async function askShim(
  directory: string,
  request: CancelRequest,
  shim: ProcessIdentity | null,
): Promise<void> {
  try {
    await writeCancelRequest(directory, request);
  } catch (error) {
    if (shim === null || !(await signalProven(shim, "SIGTERM"))) throw error;
  }
  await wakeShim(directory, shim);
}

/**
 * Puts the wish on disk, where the shim finds it even if the server is killed now. The first wish stays. Where the job
 * has deleted its run directory there is no place for it: then the signal of `wakeShim` has to do.
 */
async function writeCancelRequest(directory: string, request: CancelRequest): Promise<void> {
  try {
    const text = `${JSON.stringify({ version: 1, ...request }, null, 2)}\n`;
    await createWhole(fileOf(directory, "cancel"), text, "process");
  } catch (error) {
    if (errorCode(error) !== "EEXIST" && errorCode(error) !== "ENOENT") throw error;
  }
}

export async function hasCancelRequest(directory: string): Promise<boolean> {
  const path = fileOf(directory, "cancel");
  return answersAtOnce(path) ? existsSync(path) : exists(path);
}

/**
 * Tells the shim to look for a wish, by a byte through the FIFO it holds: no pid takes part, so no stranger is hit. Only
 * where the job has deleted the FIFO is the shim sent SIGTERM, and only after its pid, start time and boot id agreed.
 */
export async function wakeShim(directory: string, shim: ProcessIdentity | null): Promise<void> {
  const isWithoutFifo = (await knock(directory)) === "missing";
  if (isWithoutFifo && shim !== null) await signalProven(shim, "SIGTERM");
}

/** Lets a shim go on that somebody, its own job perhaps, has stopped (SIGSTOP): it has a wish to hear. */
export async function continueShim(shim: ProcessIdentity | null): Promise<void> {
  if (shim !== null) await signalProven(shim, "SIGCONT");
}
