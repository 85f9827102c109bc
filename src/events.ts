import { EventEmitter } from "node:events";
import type { Job } from "./jobs/job.ts";

/** What happens, told to whoever listens; one listener logs. */
export interface EventMap {
  accepted: [job: Job];
  /** From now on jobs of a runtime are forked from one that has imported these modules. */
  warm: [runtime: string, modules: readonly string[]];
  spawned: [job: Job, pid: number | undefined];
  changed: [job: Job];
  /** A job is known no longer. */
  removed: [job: Job];
  /** The pin of a job's run was made or taken away. */
  pin: [job: Job];
  /** A run has gone by a rule of the server's own. */
  retired: [jobId: string, rule: string];
  /** A client has changed something. */
  audit: [change: Audit];
  /** A step on a job's way that only a person who looks for trouble wants to see. */
  step: [jobId: string, what: string, details?: object];
  /** Something is not as it should be and was dealt with. */
  trouble: [what: string, details: { job_id?: string; request_id?: string; error?: unknown }];
}

/** Who did what to which job; no parameters and no secrets. */
export interface Audit {
  readonly action: string;
  readonly job_id: string;
  /** Name of the client's token; null where none is asked for. */
  readonly token: string | null;
  readonly address: string;
  readonly request_id: string;
}

export class Events extends EventEmitter<EventMap> {
  constructor() {
    super();
    this.setMaxListeners(0); // every request that waits for a job listens
  }
}
