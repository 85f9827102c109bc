import type { Job } from "../jobs/job.ts";
import { isTerminal } from "../jobs/status.ts";
import { processLives } from "../processes/process-lives.ts";
import { runningState } from "../runs/claim.ts";
import { type Observation, observe } from "../runs/observe.ts";
import { exists, isMissing } from "../runs/record-file.ts";
import { isAway, runDirectory } from "../runs/run-directory.ts";
import { loseJob, loseOriginalRun } from "./lose.ts";
import { readJob } from "./recover.ts";
import type { Refresh, Scope } from "./scope.ts";
import { settle } from "./settle.ts";

/** One look at a time for each job, so that no two of them write the same status. */
export function serialRefresh(scope: () => Scope): Refresh {
  const latest = new Map<string, ReturnType<Refresh>>();
  return (jobId) => {
    const before: Promise<unknown> = latest.get(jobId) ?? Promise.resolve();
    const next = before.catch(() => undefined).then(() => refresh(scope(), jobId));
    latest.set(jobId, next);
    const forget = () => void (latest.get(jobId) === next && latest.delete(jobId));
    next.then(forget, forget);
    return next;
  };
}

async function refresh(scope: Scope, jobId: string): Promise<Observation["kind"] | "known"> {
  const job = scope.index.get(jobId) ?? (await discover(scope, jobId));
  if (job === undefined) return "gone";
  const directory = runDirectory(scope.config.runsDir, jobId);
  if (isTerminal(job.state.status)) return dropIfGone(scope, job, directory);
  const observation = await observe(directory);
  scope.events.emit("step", jobId, `observed: ${observation.kind}`);
  await apply(scope, job, directory, observation);
  return observation.kind;
}

/** News of a job nobody knows: its directory could not be read, or was away and its shim has brought it back. */
async function discover(scope: Scope, jobId: string): Promise<Job | undefined> {
  if (await isMissing(runDirectory(scope.config.runsDir, jobId))) return undefined; // late news of one that was removed
  const job = await readJob(scope, jobId);
  if (job === undefined) return undefined;
  const kind = job.state.status === "pending" ? await observedKind(scope, jobId) : "known";
  scope.index.load([job]);
  scope.events.emit("changed", job);
  if (kind === "pending") scope.queue.push(jobId);
  else if (kind !== "known") scope.queue.adopt(jobId);
  return job;
}

/** Looked at before the job is known: one that cannot be looked at now is read once more by a later sweep. */
async function observedKind(scope: Scope, jobId: string): Promise<Observation["kind"]> {
  try {
    return (await observe(runDirectory(scope.config.runsDir, jobId))).kind;
  } catch (error) {
    scope.unread.add(jobId);
    throw error;
  }
}

async function apply(scope: Scope, job: Job, directory: string, observation: Observation): Promise<void> {
  switch (observation.kind) {
    case "pending":
    case "claiming":
      return;
    case "running":
      return scope.index.change(job.job_id, runningState(observation.claim));
    case "ended":
      return settle(scope, job, directory, observation);
    case "lost":
      return loseJob(scope, job, directory, observation);
    case "original":
      return job.runtime === "" ? loseOriginalRun(scope, job, directory) : forget(scope, job);
    case "gone":
      return forget(scope, job);
  }
}

/** An ended job is what its run directory says: whoever removes that removes the job. */
async function dropIfGone(scope: Scope, job: Job, directory: string): Promise<"known" | "gone"> {
  if ((await exists(directory)) || (await isAway(scope.config.runsDir))) return "known";
  drop(scope, job);
  return "gone";
}

/** A job without its run directory runs on as long as its shim does, and the shim will restore what it can. */
async function forget(scope: Scope, job: Job): Promise<void> {
  const shim = job.state.status === "running" ? job.state.shim : null;
  const lives = scope.shims.has(job.job_id) || (shim !== null && (await processLives(shim)));
  if (!lives) drop(scope, job);
}

/** Whoever removed the job while its directory was looked at has said so, and the id may be another job's by now. */
function drop(scope: Scope, { job_id, created_at }: Job): void {
  if (scope.index.get(job_id)?.created_at !== created_at) return;
  if (!scope.removing.has(job_id))
    scope.events.emit("trouble", "run directory is gone; job forgotten", { job_id });
  scope.index.remove(job_id);
}
