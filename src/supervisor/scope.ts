import type { JobGroups } from "../cgroups/job-groups.ts";
import type { Config } from "../config/config.ts";
import type { Events } from "../events.ts";
import type { StartShim } from "../executors/executor.ts";
import type { Observation } from "../runs/observe.ts";
import type { JobIndex } from "../tracking/job-index.ts";
import type { EnvironmentOf } from "./environment.ts";
import type { Queue } from "./queue.ts";
import type { RemoveOutcome } from "./remove.ts";
import type { Trash } from "./trash.ts";

/**
 * Looks at one job's run directory and brings the index, and where need be its status.json, up to date. Tells what it
 * saw; `known` is a job whose end was known before.
 */
export type Refresh = (jobId: string) => Promise<Observation["kind"] | "known">;

/** A job that is being put on disk, and the request that asked for it. */
export interface Submitting {
  readonly digest: string;
  readonly accepted: Promise<{ job_id: string; created_at: string }>;
}

/** What every action on jobs needs to know. */
export interface Scope {
  readonly config: Config;
  readonly index: JobIndex;
  readonly events: Events;
  readonly queue: Queue;
  readonly environmentOf: EnvironmentOf;
  readonly startShim: StartShim;
  readonly groups: JobGroups;
  /** Jobs whose shim this server has started and has not seen end. */
  readonly shims: Set<string>;
  /** Jobs that this server has accepted and has not tried to start. */
  readonly accepted: Set<string>;
  /** Jobs that have not ended and that a client wants stopped. */
  readonly cancelling: Set<string>;
  /** Jobs that have not ended and whose environment is not that of the others, as job.json tells. */
  readonly withOwnEnvironment: Set<string>;
  /** Run directories that could not be read at the start, for no fault of theirs. */
  readonly unread: Set<string>;
  /** Jobs a sweep is looking at. */
  readonly looking: Set<string>;
  /** Requests with an Idempotency-Key whose jobs are being put on disk, by that key. */
  readonly submitting: Map<string, Submitting>;
  /** Removals that are under way, by the job. */
  readonly removing: Map<string, Promise<RemoveOutcome>>;
  /** Deletes what was removed. */
  readonly trash: Trash;
  /** Brings the index up to date with one job's run directory. */
  readonly refresh: Refresh;
}
