import { type Ended, type Job, startedAt } from "../jobs/job.ts";
import { type Ending, writeEnding } from "../runs/exit-record.ts";
import { readRequest } from "../runs/job-record.ts";
import { sound } from "../runs/record-file.ts";
import { type Identity, readStatus, requestOf, statusText, writeStatus } from "../runs/status-record.ts";
import type { Scope } from "./scope.ts";

/** How a job ended, and whether its exit.json says so already. */
export interface Told {
  readonly ending: Ending;
  readonly isRecorded: boolean;
}

/** Writes the final status where the shim did not come as far as that, then tells of it. */
export async function settle(scope: Scope, job: Job, directory: string, told: Told): Promise<void> {
  const { status, completed_at, started_at } = told.ending;
  const state: Ended = { status, started_at: started_at ?? startedAt(job.state), completed_at };
  await completeRecords(scope, job, directory, told, state);
  await scope.groups.remove(job.job_id); // where its shim could not
  if (state.started_at !== null) {
    scope.index.change(job.job_id, { status: "running", started_at: state.started_at, shim: null });
  }
  scope.index.change(job.job_id, state);
}

async function identityOf(job: Job, directory: string): Promise<Identity> {
  return (await sound(readRequest(directory))) ?? requestOf(job);
}

/** status.json and exit.json are told anew where they say something else, or nothing; the job may write to both. */
async function completeRecords(
  scope: Scope,
  job: Job,
  directory: string,
  { ending, isRecorded }: Told,
  state: Ended,
): Promise<void> {
  const written = (await readStatus(directory))?.fields;
  const agrees =
    written?.job_id === job.job_id &&
    written.status === ending.status &&
    written.completed_at === ending.completed_at;
  if (agrees && isRecorded) return;
  const text = statusText(await identityOf(job, directory), state, ending);
  try {
    if (!isRecorded) await writeEnding(directory, ending);
    if (!agrees) await writeStatus(directory, text);
  } catch (error) {
    scope.events.emit("trouble", "cannot write how the job ended", { job_id: job.job_id, error });
  }
}
