import { readFileSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { pids } from "../processes/proc.ts";

/**
 * Ends what a killed shim left running: every process whose environment names its run directory, as each process of a
 * job does unless it took pains. Nothing is known of pids here, so none can be out of date. Returns how many there were.
 */
export async function endStrays(directory: string): Promise<number> {
  const ended = new Set<number>();
  for (let round = 0; round < mostRounds; round++) {
    const hit = (await pids()).filter((pid) => pid !== process.pid && endIfMarked(pid, directory));
    if (hit.length === 0) break;
    for (const pid of hit) ended.add(pid);
  }
  return ended.size;
}

const prefix = "QUANT_RUNS_RUN_DIR=";

/** A killed process may have forked before it died, so one round finds what the last one left. */
const mostRounds = 100;

/** Look and signal in one turn of the event loop, so that the pid cannot have passed to another process between. */
function endIfMarked(pid: number, directory: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    const marker = environment.find(
      (variable) => variable.startsWith(prefix) && variable.endsWith(basename(directory)),
    );
    const isOfJob = marker !== undefined && placeOf(marker.slice(prefix.length)) === placeOf(directory);
    return isOfJob && process.kill(pid, "SIGKILL");
  } catch {
    return false; // gone meanwhile, or another user's
  }
}

/** A run directory may be reached by several names, and a copy of it is another. */
function placeOf(directory: string): string {
  try {
    return realpathSync(directory);
  } catch {
    return directory; // removed
  }
}
