import { existsSync } from "node:fs";
import { bareFailure } from "../jobs/failure.ts";
import { type Job, type Running, startedAt } from "../jobs/job.ts";
import { isTerminal } from "../jobs/status.ts";
import { now } from "../jobs/timestamp.ts";
import type { ShimClaim } from "../runs/claim.ts";
import type { Ending } from "../runs/exit-record.ts";
import { readRequest } from "../runs/job-record.ts";
import { type Lost, type Observation, observe } from "../runs/observe.ts";
import { loseOriginal } from "../runs/original-run.ts";
import { processLives } from "../runs/process-lives.ts";
import { sound } from "../runs/record-file.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { readStatus, requestOf, statusText, writeStatus } from "../runs/status-record.ts";
import { endStrays } from "./end-strays.ts";
import { readJob } from "./recover.ts";
import type { Refresh, Scope } from "./scope.ts";

/** One look at a time for each job, so that no two of them write the same status. */
export function serialRefresh(scope: () => Scope): Refresh {
  const latest = new Map<string, Promise<void>>();
  return (jobId) => {
    const before = latest.get(jobId) ?? Promise.resolve();
    const next = before.catch(() => undefined).then(() => refresh(scope(), jobId));
    latest.set(jobId, next);
    const forget = () => void (latest.get(jobId) === next && latest.delete(jobId));
    next.then(forget, forget);
    return next;
  };
}

async function refresh(scope: Scope, jobId: string): Promise<void> {
  const job = scope.index.get(jobId) ?? (await discover(scope, jobId));
  if (job === undefined) return;
  const directory = runDirectory(scope.config.runsDir, jobId);
  if (isTerminal(job.state.status)) return forgetRemoved(scope, job, directory);
  const observation = await observe(directory);
  scope.events.emit("step", jobId, `observed: ${observation.kind}`);
  await apply(scope, job, directory, observation);
}

/** News of a job nobody knows: its directory was away when the server started, and its shim has brought it back. */
async function discover(scope: Scope, jobId: string): Promise<Job | undefined> {
  const job = await readJob(scope, jobId);
  if (job !== undefined) scope.index.load([job]);
  return job;
}

async function apply(scope: Scope, job: Job, directory: string, observation: Observation): Promise<void> {
  switch (observation.kind) {
    case "pending":
      return;
    case "running":
      return scope.index.change(job.job_id, runningState(observation.claim));
    case "ended":
      return settle(scope, job, directory, observation.ending);
    case "lost":
      return loseJob(scope, job, directory, observation);
    case "original":
      return loseOriginalRun(scope, job, directory);
    case "gone":
      return forget(scope, job);
  }
}

function runningState({ claimed_at, pid, start_time_ticks, boot_id, host }: ShimClaim): Running {
  return { status: "running", started_at: claimed_at, shim: { pid, start_time_ticks, boot_id, host } };
}

/** An ended job is what its run directory says: whoever removes that removes the job. */
function forgetRemoved(scope: Scope, job: Job, directory: string): void {
  if (!existsSync(directory)) scope.index.remove(job.job_id);
}

/** A job without its run directory runs on as long as its shim does, and the shim will restore what it can. */
async function forget(scope: Scope, job: Job): Promise<void> {
  const shim = job.state.status === "running" ? job.state.shim : null;
  const lives = scope.shims.has(job.job_id) || (shim !== null && (await processLives(shim)));
  if (!lives) scope.index.remove(job.job_id);
}

/** A shim that vanished took its callable along, or left it running for us to end. */
async function loseJob(scope: Scope, job: Job, directory: string, lost: Lost): Promise<void> {
  const strays = await endStrays(directory);
  if (strays > 0)
    scope.events.emit("step", job.job_id, "ended what a killed shim had left running", { strays });
  await settle(scope, job, directory, lostEnding(lost.started_at, lostSentence(lost.cause)));
}

async function loseOriginalRun(scope: Scope, job: Job, directory: string): Promise<void> {
  const ending = lostEnding(
    null,
    "The server that ran this job inside itself is gone; how the callable fared is not known",
  );
  await loseOriginal(directory, ending);
  scope.index.change(job.job_id, { status: "failed", started_at: null, completed_at: ending.completed_at });
}

/** Writes the final status where the shim did not come as far as that, then tells of it. */
async function settle(scope: Scope, job: Job, directory: string, ending: Ending): Promise<void> {
  const { status, completed_at } = ending;
  const state = { status, started_at: ending.started_at ?? startedAt(job.state), completed_at };
  const written = await readStatus(directory);
  if (written?.fields.status !== status || written.fields.job_id !== job.job_id) {
    await writeStatus(
      directory,
      statusText((await sound(readRequest(directory))) ?? requestOf(job), state, ending),
    );
  }
  if (state.started_at !== null) {
    scope.index.change(job.job_id, { status: "running", started_at: state.started_at, shim: null });
  }
  scope.index.change(job.job_id, state);
}

function lostSentence(cause: Lost["cause"]): string {
  const sentences = {
    "shim killed": "The shim was killed while the job ran",
    "host rebooted": "The machine was restarted while the job ran",
    "other host": "The job ran on another machine, and nothing is known of its shim here",
    unknown: "The shim vanished while the job ran",
  };
  return `${sentences[cause]}; how the callable fared is not known`;
}

function lostEnding(started_at: string | null, error: string): Ending {
  return {
    status: "failed",
    started_at,
    completed_at: now(),
    error,
    failure: bareFailure("lost"),
    result_bytes: null,
    termination: null,
  };
}
