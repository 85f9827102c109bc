import type { Limits } from "../jobs/limits.ts";
import type { Scope } from "./scope.ts";

/** What tells a shim of its job's control group: nothing where there is none, and setrlimit(2) alone bounds the job. */
export async function groupSettings(
  { groups, events }: Scope,
  jobId: string,
  limits: Limits,
): Promise<Record<string, string>> {
  try {
    const folder = await groups.make(jobId, limits);
    return folder === undefined ? {} : { QUANT_RUNS_CGROUP: folder };
  } catch (error) {
    const what = "cannot make a control group; setrlimit(2) alone bounds the job";
    events.emit("trouble", what, { job_id: jobId, error });
    return {};
  }
}
