import type { Job, State } from "../jobs/job.ts";
import { noLabels } from "../jobs/labels.ts";
import { keyOf } from "../jobs/submission.ts";
import type { Request } from "../runs/job-record.ts";

/** A job as its records tell it; without a request it is one of the original wrapper. */
export function jobOf(jobId: string, request: Request | undefined, created_at: string, state: State): Job {
  const { entrypoint, runtime, labels } = request ?? { entrypoint: "", runtime: "", labels: noLabels };
  const submission = request === undefined ? {} : submissionIn(request);
  return { job_id: jobId, created_at, entrypoint, runtime, labels, state, ...submission };
}

/** A request's Idempotency-Key as the index has it, if it has one. */
export function submissionIn({
  submitted_by,
  submission,
}: Pick<Request, "submitted_by" | "submission">): Pick<Job, "submission"> {
  if (submission === null) return {};
  return { submission: { key: keyOf(submitted_by, submission), digest: submission.digest } };
}
