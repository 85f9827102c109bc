import { processLives } from "../processes/process-lives.ts";
import { continueShim, hasCancelRequest, wakeShim } from "../runs/cancel-request.ts";
import { runDirectory } from "../runs/run-directory.ts";
import type { Scope } from "./scope.ts";

/** How many run directories that could not be read at the start are tried again by one sweep. */
const mostUnread = 16;

/**
 * Looks at jobs that hold a slot, at those whose end this server waits for only where it is to be whole. This, not the
 * watcher, is what makes the index right. A look that a sick disk holds up is left to itself: it delays its own job and
 * no other.
 */
export function sweep(scope: Scope, isWhole: boolean): void {
  const unread = [...scope.unread].slice(0, mostUnread);
  for (const jobId of unread) scope.unread.delete(jobId); // it comes back when it cannot be read again
  const active = [...scope.queue.active].filter((jobId) => isWhole || !isWaitedFor(scope, jobId));
  for (const jobId of [...active, ...unread]) {
    if (scope.looking.has(jobId)) continue;
    scope.looking.add(jobId);
    void attempt(scope, jobId, () => watchOver(scope, jobId)).finally(() => scope.looking.delete(jobId));
  }
}

/** A job that runs in a shim of this server's own, of whose end it is told, and that nobody wants stopped. */
function isWaitedFor({ shims, cancelling, index }: Scope, jobId: string): boolean {
  return shims.has(jobId) && !cancelling.has(jobId) && index.statusOf(jobId) === "running";
}

/** Of a job that is waited for, nothing is news while its shim lives but a wish to stop it. */
async function watchOver(scope: Scope, jobId: string): Promise<void> {
  const state = scope.index.get(jobId)?.state;
  const shim = state?.status === "running" && isWaitedFor(scope, jobId) ? state.shim : null;
  if (shim === null || !(await processLives(shim))) await scope.refresh(jobId);
  await remindOfCancel(scope, jobId);
}

/** A look that cannot fail: what stands in its way now is looked at again by the next sweep. */
export function look(scope: Scope, jobId: string): Promise<void> {
  return attempt(scope, jobId, () => scope.refresh(jobId));
}

async function attempt(scope: Scope, jobId: string, looking: () => Promise<unknown>): Promise<void> {
  try {
    await looking();
  } catch (error) {
    scope.events.emit("trouble", "cannot look at the job; the next sweep tries again", {
      job_id: jobId,
      error,
    });
  }
}

/** A cancel that a killed server left half done goes on: the shim is told again, which it takes once. */
async function remindOfCancel(scope: Scope, jobId: string): Promise<void> {
  const state = scope.index.get(jobId)?.state;
  const directory = runDirectory(scope.config.runsDir, jobId);
  if (state?.status !== "running" || !(await hasCancelRequest(directory))) return;
  await wakeShim(directory, state.shim);
  await continueShim(state.shim);
}
