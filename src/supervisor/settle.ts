import { type Job, startedAt } from "../jobs/job.ts";
import { type Ending, readEnding, writeEnding } from "../runs/exit-record.ts";
import { readRequest } from "../runs/job-record.ts";
import { sound } from "../runs/record-file.ts";
import { type Identity, readStatus, requestOf, statusText, writeStatus } from "../runs/status-record.ts";
import type { Scope } from "./scope.ts";

/** Writes the final status where the shim did not come as far as that, then tells of it. */
export async function settle(scope: Scope, job: Job, directory: string, ending: Ending): Promise<void> {
  const { status, completed_at } = ending;
  const state = { status, started_at: ending.started_at ?? startedAt(job.state), completed_at };
  const text = statusText(await identityOf(job, directory), state, ending);
  await completeRecords(scope, job, directory, ending, text);
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
  ending: Ending,
  text: string,
): Promise<void> {
  const written = (await readStatus(directory))?.fields;
  const agrees =
    written?.job_id === job.job_id &&
    written.status === ending.status &&
    written.completed_at === ending.completed_at;
  try {
    if ((await sound(readEnding(directory))) === undefined) await writeEnding(directory, ending);
    if (!agrees) await writeStatus(directory, text);
  } catch (error) {
    scope.events.emit("trouble", "cannot write how the job ended", { job_id: job.job_id, error });
  }
}
