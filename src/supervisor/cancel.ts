import { bareFailure } from "../jobs/failure.ts";
import { isTerminal } from "../jobs/status.ts";
import { now } from "../jobs/timestamp.ts";
import { askShim, type CancelRequest } from "../runs/cancel-request.ts";
import { claimForServer } from "../runs/claim.ts";
import { bareEnding, type Ending } from "../runs/exit-record.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { endStrays } from "./end-strays.ts";
import type { Scope } from "./scope.ts";

/** What became of a cancel: there is no such job, it has ended already, or it is cancelled or about to be. */
export type CancelOutcome = "unknown" | "ended" | "accepted";

/** Cancels a job: at once while nobody has claimed it, else through its shim, which stops everything it started. */
export async function cancelJob(scope: Scope, jobId: string, requestedBy: string): Promise<CancelOutcome> {
  if (scope.index.get(jobId) === undefined) return "unknown";
  await scope.refresh(jobId);
  const job = scope.index.get(jobId);
  if (job === undefined) return "unknown";
  if (isTerminal(job.state.status)) return "ended";
  const directory = runDirectory(scope.config.runsDir, jobId);
  const request: CancelRequest = { requested_by: requestedBy, requested_at: now() };
  if (job.state.status === "pending") {
    const taken = await claimForServer(directory, neverStarted(request), scope.config.durability);
    await scope.refresh(jobId);
    if (taken) {
      if (scope.shims.has(jobId)) await endHanging(scope, jobId, directory);
      return "accepted";
    }
    if (hasEnded(scope, jobId)) return "ended"; // its shim was as quick as that
  }
  scope.cancelling.add(jobId);
  const state = scope.index.get(jobId)?.state;
  await askShim(directory, request, state?.status === "running" ? state.shim : null);
  return "accepted";
}

/** A shim, or its job's interpreter, may hang at its start, where it hears of no cancel. */
async function endHanging({ events }: Scope, jobId: string, directory: string): Promise<void> {
  try {
    await endStrays(directory);
  } catch (error) {
    events.emit("trouble", "cannot look for processes of a job that is cancelled", { job_id: jobId, error });
  }
}

function hasEnded(scope: Scope, jobId: string): boolean {
  const status = scope.index.statusOf(jobId);
  return status !== undefined && isTerminal(status);
}

function neverStarted(request: CancelRequest): Ending {
  return bareEnding("Cancelled before it started", bareFailure("cancelled"), {
    termination: { reason: "cancelled", ...request, signals: [], processes: 0, survivors: 0 },
  });
}
