import type { Scope } from "./scope.ts";

/** Looks at every job that holds a slot. This, not the watcher, is what makes the index right. */
export async function sweep(scope: Scope): Promise<void> {
  await Promise.all([...scope.queue.active].map((jobId) => look(scope, jobId)));
}

/** A look that cannot fail: what stands in its way now is looked at again by the next sweep. */
export async function look(scope: Scope, jobId: string): Promise<void> {
  try {
    await scope.refresh(jobId);
  } catch (error) {
    scope.events.emit("trouble", "cannot look at the job; the next sweep tries again", {
      job_id: jobId,
      error,
    });
  }
}
