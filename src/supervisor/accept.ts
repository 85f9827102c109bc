import type { Job } from "../jobs/job.ts";
import { newJobId } from "../jobs/job-id.ts";
import type { Labels } from "../jobs/labels.ts";
import type { Limits } from "../jobs/limits.ts";
import { now } from "../jobs/timestamp.ts";
import { createRunDirectory } from "../runs/accept.ts";
import { expectPresent } from "../runs/run-directory.ts";
import type { Scope } from "./scope.ts";

/** What a client wants run. `parameters` is JSON text, exactly as it was sent. */
export interface Wish {
  readonly entrypoint: string;
  readonly runtime: string;
  readonly parameters: string;
  readonly limits: Limits;
  readonly labels: Labels;
}

export async function acceptJob(scope: Scope, wish: Wish): Promise<{ job_id: string; created_at: string }> {
  const created_at = now();
  const job_id = newJobId(created_at);
  const { runsDir, durability } = scope.config;
  await expectPresent(runsDir); // a job must not land on the disk below a mount point
  await createRunDirectory(runsDir, { ...wish, job_id, created_at }, durability);
  const { entrypoint, runtime, labels } = wish;
  const job: Job = { job_id, created_at, entrypoint, runtime, labels, state: { status: "pending" } };
  scope.index.add(job);
  scope.events.emit("accepted", job);
  scope.queue.push(job_id);
  return { job_id, created_at };
}
