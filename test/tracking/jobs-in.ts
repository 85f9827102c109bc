import type { Job } from "../../src/jobs/job.ts";
import type { JobIndex } from "../../src/tracking/job-index.ts";

/** All jobs of an index, oldest first. */
export function jobsIn(index: JobIndex): Job[] {
  const { ids } = index.list({}, Infinity);
  return ids.toReversed().flatMap((jobId) => index.get(jobId) ?? []);
}
