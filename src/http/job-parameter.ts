import type { Context } from "hono";
import { Problem } from "../errors.ts";
import { isJobId } from "../jobs/job-id.ts";

/**
 * The job id of the address.
 * @throws Problem 404 when it could not name a run directory: no path is ever built from it
 */
export function jobIdOf(c: Context): string {
  const text = c.req.param("job_id") ?? "";
  if (!isJobId(text)) throw noSuchJob(text);
  return text;
}

export function noSuchJob(jobId: string): Problem {
  const shown = isJobId(jobId) ? jobId : JSON.stringify(jobId.slice(0, 80));
  return new Problem(404, `Job ${shown} not found`);
}
