import type { Labels } from "./labels.ts";

export interface Pending {
  readonly status: "pending";
}

/** One process and no later one that got its number: pid, start time since boot (proc_pid_stat(5)), where and when. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly start_time_ticks: number | null;
  readonly boot_id: string | null;
  /** Which set of pids it is one of (pid_namespaces(7)); null where that is not told. */
  readonly pid_namespace: string | null;
  readonly host: string;
}

export interface Running {
  readonly status: "running";
  readonly started_at: string;
  /** Null when it is only known by its records. */
  readonly shim: ProcessIdentity | null;
}

export interface Ended {
  readonly status: "completed" | "failed";
  /** Null for a job that ended before it started. */
  readonly started_at: string | null;
  readonly completed_at: string;
}

/** Where a job stands, with what belongs to that status alone. */
export type State = Pending | Running | Ended;

/** What the server keeps of a job in memory: no parameters, no result, no log. */
export interface Job {
  readonly job_id: string;
  readonly created_at: string;
  /** Empty for a run of the original wrapper, which did not record it. */
  readonly entrypoint: string;
  readonly runtime: string;
  readonly labels: Labels;
  readonly state: State;
  /** By what a client that sends its request once more is known, and what it asked; most jobs have none. */
  readonly submission?: { readonly key: string; readonly digest: string };
}

export function startedAt(state: State): string | null {
  return "started_at" in state ? state.started_at : null;
}

export function completedAt(state: State): string | null {
  return "completed_at" in state ? state.completed_at : null;
}

/** The states a job has been in, in their order, as its latest one tells them; each makes the job as it was then. */
export function historyOf(job: Job): Job[] {
  const { state } = job;
  const started = startedAt(state);
  const running: State[] = started === null ? [] : [{ status: "running", started_at: started, shim: null }];
  const states: State[] = [{ status: "pending" }, ...running, ...("completed_at" in state ? [state] : [])];
  return states.map((each) => ({ ...job, state: each }));
}

/** When a job came into the state it is in. */
export function changedAt({ created_at, state }: Job): string {
  return completedAt(state) ?? startedAt(state) ?? created_at;
}
