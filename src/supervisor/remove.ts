import { setTimeout } from "node:timers/promises";
import { isTerminal } from "../jobs/status.ts";
import { probeAlive } from "../runs/alive.ts";
import { observe } from "../runs/observe.ts";
import { isPinned } from "../runs/pin.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { moveToTrash } from "../runs/trash.ts";
import type { Scope } from "./scope.ts";

/**
 * What became of a removal: there is no such job, it has not ended, its shim has not left yet, it is pinned, or it is
 * gone.
 */
export type RemoveOutcome = "unknown" | "active" | "held" | "pinned" | "removed";

/**
 * Removes an ended job and its run directory, at once for everybody; the files are deleted later. One removal at a time
 * for each job, so that the next one finds no job.
 * @throws Immovable, RunsDirectoryAway, or the disk's error: then nothing has happened
 */
export async function removeJob(scope: Scope, jobId: string): Promise<RemoveOutcome> {
  await scope.removing.get(jobId)?.catch(() => undefined); // whoever asked for that one is told
  const removal = remove(scope, jobId);
  scope.removing.set(jobId, removal);
  try {
    return await removal;
  } finally {
    if (scope.removing.get(jobId) === removal) scope.removing.delete(jobId);
  }
}

async function remove(scope: Scope, jobId: string): Promise<RemoveOutcome> {
  const { runsDir } = scope.config;
  if (scope.index.get(jobId) === undefined) return "unknown";
  if (!hasEnded(scope, jobId)) await scope.refresh(jobId);
  if (scope.index.get(jobId) === undefined) return "unknown";
  if (!hasEnded(scope, jobId)) return "active";
  const directory = runDirectory(runsDir, jobId);
  if (await isHeld(scope, jobId, directory)) return "held";
  if (await isPinned(directory)) return "pinned";
  const trash = await moveToTrash(runsDir, jobId);
  scope.index.remove(jobId);
  if (trash === undefined) return "unknown";
  await scope.trash.take(trash);
  return "removed";
}

function hasEnded(scope: Scope, jobId: string): boolean {
  return isTerminal(scope.index.get(jobId)?.state.status ?? "pending");
}

/** Milliseconds that a shim which has recorded its job's end, or has come too late to run it, may take to leave. */
const timeToLeave = 2000;

/** Somebody else may hold the FIFO, a backup for example, and be no shim: the claim decides. */
async function isHeld(scope: Scope, jobId: string, directory: string): Promise<boolean> {
  const end = performance.now() + timeToLeave;
  while (scope.shims.has(jobId) && performance.now() < end) await setTimeout(10);
  if (scope.shims.has(jobId)) return true;
  if ((await probeAlive(directory)) !== "held") return false;
  return ["running", "claiming"].includes((await observe(directory)).kind);
}
