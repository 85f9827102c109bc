import { setTimeout } from "node:timers/promises";
import type { Launch, Shim, ShimEnd } from "../executors/executor.ts";
import type { Job } from "../jobs/job.ts";
import { noLimits } from "../jobs/limits.ts";
import { runningState, type ShimClaim } from "../runs/claim.ts";
import { readRequest } from "../runs/job-record.ts";
import { errorCode } from "../runs/record-file.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { giveUp } from "./give-up.ts";
import { groupSettings } from "./group.ts";
import type { Scope } from "./scope.ts";

/** Errors that say nothing of the job, only that the machine or its disk has no room for it right now. */
const scarcity = new Set(["EAGAIN", "ENOMEM", "EMFILE", "ENFILE", "ENOSPC", "EDQUOT", "EROFS", "EIO"]);

/** Exit code of a shim that could not claim because the disk has trouble that may pass (EX_TEMPFAIL, sysexits.h). */
const tryLater = 75;

/** How often a shim that was killed before it could claim its job is started again. */
const mostAttempts = 3;

/** Starts the shim of a job that holds a slot and stays with it to the shim's end. */
export async function startJob(scope: Scope, jobId: string): Promise<void> {
  try {
    let isNew = scope.accepted.delete(jobId); // nobody can have claimed what this server has just accepted
    let isRetry = false;
    for (let attempt = 1; isNew || (await isUnclaimed(scope, jobId)); attempt++) {
      isNew = false;
      const end = await runShim(scope, jobId, isRetry);
      isRetry = true;
      if (!(await isUnclaimed(scope, jobId))) return;
      scope.index.change(jobId, { status: "pending" }); // a shim may have given its claim back
      if (isScarcity(end)) attempt = 0;
      else if (hasFailed(end) || attempt >= mostAttempts) return await giveUp(scope, jobId, end);
      scope.events.emit("step", jobId, "shim ended before it claimed the job; it is started again", end);
      await setTimeout(1000);
    }
  } catch (error) {
    scope.events.emit("trouble", "cannot stay with the job now", { job_id: jobId, error });
    await setTimeout(1000);
    // One that runs keeps its slot, by which the sweep finds it.
    if (scope.index.get(jobId)?.state.status === "pending") scope.queue.putBack(jobId);
  }
}

/** Whether the shim met a lack that says nothing of the job: it waits, and is never failed for it. */
function isScarcity(end: ShimEnd): boolean {
  return end.exitCode === tryLater || (end.spawnError !== undefined && scarcity.has(end.spawnError));
}

/** Whether the shim ended by itself, or was none: another would do no better. */
function hasFailed({ exitCode, spawnError }: ShimEnd): boolean {
  return exitCode !== undefined || spawnError !== undefined;
}

/** Whether nobody runs this job. A shim that lives without a claim is about to take it, or its job has deleted it. */
async function isUnclaimed(scope: Scope, jobId: string): Promise<boolean> {
  let kind = await scope.refresh(jobId);
  while (kind === "claiming") {
    await setTimeout(200);
    kind = await scope.refresh(jobId);
  }
  return kind === "pending";
}

async function runShim(scope: Scope, jobId: string, isRetry: boolean): Promise<ShimEnd> {
  try {
    scope.shims.add(jobId);
    const end = await (await spawnShim(scope, jobId, isRetry)).ended;
    scope.events.emit("step", jobId, "shim ended", end);
    return end;
  } catch (error) {
    scope.events.emit("trouble", "cannot start the shim", { job_id: jobId, error });
    return { exitCode: undefined, signal: undefined, spawnError: errorCode(error) ?? "UNKNOWN" };
  } finally {
    scope.shims.delete(jobId);
  }
}

async function spawnShim(scope: Scope, jobId: string, isRetry: boolean): Promise<Shim> {
  const job = scope.index.get(jobId);
  if (job === undefined) throw new Error(`job ${jobId} is not in the index`);
  const directory = runDirectory(scope.config.runsDir, jobId);
  const wishes = await wishesOf(scope, job);
  const onClaim = (claim: ShimClaim) => scope.index.change(jobId, runningState(claim));
  const shim = await scope.startShim({ directory, runtime: job.runtime, ...wishes, isRetry, onClaim });
  scope.events.emit("spawned", job, shim.pid);
  return shim;
}

type Wishes = Pick<Launch, "environment" | "boundsMemory">;

/** What differs from the others' is read from disk at the last moment: ten thousand jobs that wait keep none in memory. */
async function wishesOf(scope: Scope, { job_id, runtime }: Job): Promise<Wishes> {
  if (!scope.withOwnEnvironment.has(job_id)) {
    return { environment: scope.environmentOf(runtime), boundsMemory: false };
  }
  const request = await readRequest(runDirectory(scope.config.runsDir, job_id));
  const limits = request?.limits ?? noLimits;
  const group = await groupSettings(scope, job_id, limits);
  return {
    environment: scope.environmentOf(runtime, request?.env, group),
    boundsMemory: limits.memory_bytes !== null,
  };
}
