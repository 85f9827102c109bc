import { statfsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import type { Config } from "../config/config.ts";
import type { Job } from "../jobs/job.ts";
import type { JobEnvironment } from "../jobs/job-environment.ts";
import { newJobId } from "../jobs/job-id.ts";
import type { Labels } from "../jobs/labels.ts";
import type { Limits } from "../jobs/limits.ts";
import type { Submission } from "../jobs/submission.ts";
import { now } from "../jobs/timestamp.ts";
import { createRunDirectory } from "../runs/accept.ts";
import { isLocal } from "../runs/local-disk.ts";
import { expectPresent } from "../runs/run-directory.ts";
import { hasOwnEnvironment } from "./environment.ts";
import { submissionIn } from "./job-of.ts";
import type { Scope } from "./scope.ts";

/** What a client wants run. `parameters` is JSON text, exactly as it was sent. */
export interface Wish {
  readonly entrypoint: string;
  readonly runtime: string;
  readonly parameters: string;
  readonly limits: Limits;
  readonly labels: Labels;
  readonly env: JobEnvironment;
  /** Name of the client's token; null where none is asked for. */
  readonly submitted_by: string | null;
  readonly submission: Submission | null;
}

/** A job on disk and in the queue. */
export interface Accepted {
  readonly job_id: string;
  readonly created_at: string;
}

/** As many jobs wait as may. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
}

/** The disk of the runs directory has less room left than it must. */
export class DiskShort extends Error {
  override readonly name = "DiskShort";
}

/**
 * @throws QueueFull, DiskShort, RunsDirectoryAway: then there is no job
 */
export async function acceptJob(scope: Scope, wish: Wish): Promise<Accepted> {
  const { maxQueued } = scope.config;
  const accepted = await scope.queue.expecting(maxQueued, () => putJob(scope, wish));
  if (accepted === "full") throw new QueueFull(`${maxQueued} jobs wait, as many as may`);
  return accepted;
}

async function putJob(scope: Scope, wish: Wish): Promise<Accepted> {
  const created_at = now();
  const job_id = newJobId(created_at);
  const { runsDir, durability } = scope.config;
  await expectPresent(runsDir); // a job must not land on the disk below a mount point
  await expectRoom(scope.config);
  await createRunDirectory(runsDir, { ...wish, job_id, created_at }, durability);
  const { entrypoint, runtime, labels } = wish;
  const state = { status: "pending" } as const;
  const job: Job = { job_id, created_at, entrypoint, runtime, labels, state, ...submissionIn(wish) };
  scope.index.add(job);
  scope.events.emit("accepted", job);
  scope.accepted.add(job_id);
  if (hasOwnEnvironment(wish)) scope.withOwnEnvironment.add(job_id);
  scope.queue.push(job_id);
  return { job_id, created_at };
}

/** What is free to users other than root counts (statvfs(3), f_bavail). */
async function expectRoom({ runsDir, minFreeBytes }: Config): Promise<void> {
  if (minFreeBytes === 0) return;
  const { bavail, bsize } = isLocal(runsDir) ? statfsSync(runsDir) : await statfs(runsDir);
  if (bavail * bsize >= minFreeBytes) return;
  throw new DiskShort(`${bavail * bsize} bytes are free, ${minFreeBytes} must be`);
}
