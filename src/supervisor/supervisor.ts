import { acceptJob, type Wish } from "./accept.ts";
import { Queue } from "./queue.ts";
import { findJobs, resumeJobs } from "./recover.ts";
import { serialRefresh } from "./refresh.ts";
import type { Refresh, Scope } from "./scope.ts";
import { startJob } from "./start.ts";
import { look, sweep } from "./sweep.ts";

export interface Supervisor {
  /** Puts a job on disk and in the queue; it can be seen as soon as this returns. */
  accept(wish: Wish): Promise<{ job_id: string; created_at: string }>;
  refresh: Refresh;
  /** As refresh, for news that nobody waits for: it cannot fail. */
  look(jobId: string): void;
  /** Reads every run directory into the index. Starts and changes nothing. */
  load(): Promise<void>;
  /** Takes up what an earlier server left, and begins to start jobs and to watch over those that run. */
  begin(): Promise<void>;
  /** Starts no more jobs; those that run go on without the server. */
  end(): void;
}

/** Seconds between two looks at every job that runs: what no watcher told is found then. */
const secondsBetweenSweeps = 2;

export function createSupervisor(
  given: Pick<Scope, "config" | "index" | "events" | "startShim">,
): Supervisor {
  const queue = new Queue(given.config.concurrency, (jobId) => void startJob(scope, jobId));
  const refresh: Refresh = serialRefresh(() => scope);
  const scope: Scope = { ...given, queue, refresh, shims: new Set() };
  let timer: NodeJS.Timeout | undefined;
  given.events.on("changed", (job) => {
    if ("completed_at" in job.state) queue.release(job.job_id);
  });
  given.events.on("removed", (job) => queue.release(job.job_id));
  return {
    accept: (wish) => acceptJob(scope, wish),
    refresh,
    look: (jobId) => void look(scope, jobId),
    load: () => findJobs(scope),
    begin: async () => {
      await resumeJobs(scope);
      queue.open();
      timer = setInterval(() => void sweep(scope), secondsBetweenSweeps * 1000);
    },
    end: () => {
      clearInterval(timer);
      queue.close();
    },
  };
}
