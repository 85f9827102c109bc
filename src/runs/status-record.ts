import { z } from "zod";
import { completedAt, type Job, type State, startedAt } from "../jobs/job.ts";
import { statuses } from "../jobs/status.ts";
import { type Ending, usageOf } from "./exit-record.ts";
import { objectText, type Request } from "./job-record.ts";
import { CorruptRecord, parseRecord, type RecordText, readWhole, replaceFile } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

const StatusFields = z.object({
  job_id: z.string(),
  status: z.enum(statuses),
  created_at: z.string(),
  started_at: z.string().nullable(),
  completed_at: z.string().nullable(),
});
export type StatusFields = z.infer<typeof StatusFields>;

/** A sound status.json: its exact text, which may be sent as it stands, and the fields that place the job. */
export interface StatusRecord extends RecordText {
  readonly fields: StatusFields;
}

/** status.json; undefined when there is none, or when somebody has written over it what is no status. */
export async function readStatus(directory: string): Promise<StatusRecord | undefined> {
  const path = fileOf(directory, "status");
  try {
    const record = await readWhole(path);
    return record && statusIn(path, record);
  } catch (error) {
    if (error instanceof CorruptRecord) return undefined;
    throw error;
  }
}

/** @throws CorruptRecord when it is no status */
export function statusIn(path: string, record: RecordText): StatusRecord {
  return { ...record, fields: parseRecord(path, record.text, StatusFields) };
}

export function writeStatus(directory: string, text: string): Promise<void> {
  return replaceFile(fileOf(directory, "status"), text);
}

/** What status.json repeats of job.json. */
export type Identity = Omit<Request, "limits" | "env" | "submitted_by" | "submission">;

/** The text of status.json, of the same members in the same order as the shims write it. */
export function statusText(request: Identity, state: State, ending?: Ending): string {
  return objectText({
    job_id: JSON.stringify(request.job_id),
    status: JSON.stringify(state.status),
    created_at: JSON.stringify(request.created_at),
    started_at: JSON.stringify(startedAt(state)),
    completed_at: JSON.stringify(completedAt(state)),
    error: JSON.stringify(ending?.error ?? null),
    failure: JSON.stringify(ending?.failure ?? null),
    termination: JSON.stringify(ending?.termination ?? null),
    usage: JSON.stringify(ending === undefined ? null : usageOf(ending)),
    ...resultMembers(request.job_id, ending?.result_bytes ?? null),
    entrypoint: JSON.stringify(request.entrypoint),
    runtime: JSON.stringify(request.runtime),
    labels: JSON.stringify(request.labels),
    parameters: request.parameters,
  });
}

/** The server copies no result into a status it has to write itself: it says where the result is. */
function resultMembers(jobId: string, bytes: number | null): Record<string, string> {
  if (bytes === null) return { result: "null" };
  return { result: "null", result_bytes: String(bytes), result_url: JSON.stringify(`/jobs/${jobId}/result`) };
}

/** What is known of a job whose job.json is gone. */
export function requestOf(job: Job): Identity {
  return { ...job, parameters: "null" };
}
