import { bareFailure } from "../jobs/failure.ts";
import type { Job } from "../jobs/job.ts";
import { bareEnding, type Ending } from "../runs/exit-record.ts";
import type { Lost } from "../runs/observe.ts";
import { loseOriginal } from "../runs/original-run.ts";
import { endStrays } from "./end-strays.ts";
import type { Scope } from "./scope.ts";
import { settle } from "./settle.ts";

/** A shim that vanished took its callable along, or left it running for us to end. */
export async function loseJob(scope: Scope, job: Job, directory: string, lost: Lost): Promise<void> {
  const strays = lost.cause === "host rebooted" ? 0 : await endAll(scope, job, directory);
  if (strays > 0)
    scope.events.emit("step", job.job_id, "ended what a killed shim had left running", { strays });
  const ending = lostEnding(lost.started_at, lostSentence(lost.cause));
  await settle(scope, job, directory, { ending, isRecorded: false });
}

/** By the group that a job may be in, which none of its processes can hide from, and by the mark that all bear. */
async function endAll({ groups }: Scope, { job_id }: Job, directory: string): Promise<number> {
  return (await groups.end(job_id)) + (await endStrays(directory));
}

export async function loseOriginalRun(scope: Scope, job: Job, directory: string): Promise<void> {
  const ending = lostEnding(
    null,
    "The server that ran this job inside itself is gone; how the callable fared is not known",
  );
  await loseOriginal(directory, ending);
  scope.index.change(job.job_id, { status: "failed", started_at: null, completed_at: ending.completed_at });
}

function lostSentence(cause: Lost["cause"]): string {
  const sentences = {
    "shim killed": "The shim was killed while the job ran",
    "host rebooted": "The machine was restarted while the job ran",
    "other host": "The job ran on another machine, and nothing is known of its shim here",
    unknown: "The job's claim is damaged and its shim is gone",
  };
  return `${sentences[cause]}; how the callable fared is not known`;
}

function lostEnding(started_at: string | null, error: string): Ending {
  return bareEnding(error, bareFailure("lost"), { started_at });
}
