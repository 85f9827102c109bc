import { type Job, startedAt } from "../jobs/job.ts";
import { isTerminal } from "../jobs/status.ts";
import type { Ending } from "../runs/exit-record.ts";
import { readRequest } from "../runs/job-record.ts";
import { sound } from "../runs/record-file.ts";
import { type Identity, readStatus, requestOf, statusText, writeStatus } from "../runs/status-record.ts";
import type { Scope } from "./scope.ts";

/** Writes the final status where the shim did not come as far as that, then tells of it. */
export async function settle(scope: Scope, job: Job, directory: string, ending: Ending): Promise<void> {
  const { status, completed_at } = ending;
  const state = { status, started_at: ending.started_at ?? startedAt(job.state), completed_at };
  await completeStatus(scope, job, directory, statusText(await identityOf(job, directory), state, ending));
  if (state.started_at !== null) {
    scope.index.change(job.job_id, { status: "running", started_at: state.started_at, shim: null });
  }
  scope.index.change(job.job_id, state);
}

async function identityOf(job: Job, directory: string): Promise<Identity> {
  return (await sound(readRequest(directory))) ?? requestOf(job);
}

/** status.json is a copy: where it cannot be written, the job has ended all the same, as its other records prove. */
async function completeStatus(scope: Scope, job: Job, directory: string, text: string): Promise<void> {
  const written = await readStatus(directory);
  if (written?.fields.job_id === job.job_id && isTerminal(written.fields.status)) return;
  try {
    await writeStatus(directory, text);
  } catch (error) {
    scope.events.emit("trouble", "cannot write the final status.json", { job_id: job.job_id, error });
  }
}
