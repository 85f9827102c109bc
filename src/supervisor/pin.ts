import * as pins from "../runs/pin.ts";
import { expectPresent, runDirectory } from "../runs/run-directory.ts";
import type { Scope } from "./scope.ts";

/** Pins a job's run, whatever its status. False when there is no such job (any more). */
export async function pinJob(scope: Scope, jobId: string): Promise<boolean> {
  const { runsDir, durability } = scope.config;
  if (scope.index.get(jobId) === undefined) return false;
  const isDone = await pins.pin(runDirectory(runsDir, jobId), durability);
  await scope.removing.get(jobId)?.catch(() => undefined); // one under way may have looked for a pin before this one
  if (!isDone) await expectPresent(runsDir);
  return isDone && tell(scope, jobId);
}

/**
 * Lets a job's run be removed again.
 * @throws NoPin where it is pinned by something that is no file
 */
export async function unpinJob(scope: Scope, jobId: string): Promise<boolean> {
  if (scope.index.get(jobId) === undefined) return false;
  await expectPresent(scope.config.runsDir);
  await pins.unpin(runDirectory(scope.config.runsDir, jobId));
  return tell(scope, jobId);
}

function tell(scope: Scope, jobId: string): boolean {
  const job = scope.index.get(jobId);
  if (job !== undefined) scope.events.emit("pin", job);
  return job !== undefined;
}
