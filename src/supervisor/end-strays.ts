import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";

/**
 * Ends what a killed shim left running: every process whose environment names the job, as each process of a
 * job does unless it took pains. Nothing is known of pids here, so none can be out of date. Returns how many there were.
 */
export async function endStrays(jobId: string): Promise<number> {
  const marker = `QUANT_RUNS_JOB_ID=${jobId}`;
  const ended = new Set<number>();
  for (let round = 0; round < mostRounds; round++) {
    const hit = (await pids()).filter((pid) => pid !== process.pid && endIfMarked(pid, marker));
    if (hit.length === 0) break;
    for (const pid of hit) ended.add(pid);
  }
  return ended.size;
}

/** A killed process may have forked before it died, so one round finds what the last one left. */
const mostRounds = 100;

async function pids(): Promise<number[]> {
  try {
    return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch {
    return []; // no /proc on this system
  }
}

/** Look and signal in one turn of the event loop, so that the pid cannot have passed to another process between. */
function endIfMarked(pid: number, marker: string): boolean {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
    return environment.includes(marker) && process.kill(pid, "SIGKILL");
  } catch {
    return false; // gone meanwhile, or another user's
  }
}
