import type { Job } from "../jobs/job.ts";
import type { Accepted, Wish } from "./accept.ts";
import { acceptOnce } from "./accept-once.ts";
import { type CancelOutcome, cancelJob } from "./cancel.ts";
import type { EndedReaders } from "./ended-readers.ts";
import { CacheKeeper } from "./keep-cache.ts";
import { pinJob, unpinJob } from "./pin.ts";
import { Queue } from "./queue.ts";
import { type Found, findJobs, resumeJobs } from "./recover.ts";
import { serialRefresh } from "./refresh.ts";
import { type RemoveOutcome, removeJob } from "./remove.ts";
import { RemovedRuns } from "./removed-runs.ts";
import type { Refresh, Scope } from "./scope.ts";
import { startJob } from "./start.ts";
import { look, sweep } from "./sweep.ts";
import { Trash } from "./trash.ts";

export interface Supervisor {
  /** Puts a job on disk and in the queue; it can be seen as soon as this returns. */
  accept(wish: Wish): Promise<Accepted & { isRepeated: boolean }>;
  /** Asks for a job's end; whoever asks is named in its record. */
  cancel(jobId: string, requestedBy: string): Promise<CancelOutcome>;
  /** Removes an ended job with its run directory. */
  remove(jobId: string): Promise<RemoveOutcome>;
  /** As remove, at the pace at which files are deleted: for whoever removes many. */
  retire(jobId: string): Promise<RemoveOutcome>;
  /** Keeps a job's run from being removed; false when there is no such job. */
  pin(jobId: string): Promise<boolean>;
  unpin(jobId: string): Promise<boolean>;
  refresh: Refresh;
  /** As refresh, for news that nobody waits for: it cannot fail. */
  look(jobId: string): void;
  /**
   * Takes the ended jobs out of the index whose run directories somebody has removed.
   * @throws RunsDirectoryAway, or the disk's error
   */
  forgetRemoved(): Promise<void>;
  /** Reads every run directory into the index, by processes that were prepared for it if need be. Changes nothing. */
  load(readers?: EndedReaders): Promise<void>;
  /** Takes up what an earlier server left. Starts nothing. */
  resume(): Promise<void>;
  /**
   * Begins to start jobs, to delete what an earlier server had removed, and to watch over those that run, more closely
   * while no watcher tells of them.
   */
  begin(isBlind: () => boolean): void;
  /** Starts no more jobs; those that run go on without the server. What is worth remembering is written. */
  end(): Promise<void>;
}

/**
 * What no watcher told is found each second, twice as often without one. The shims of jobs whose end this server waits for
 * itself are looked for each ten seconds: a template that is stopped tells nothing.
 */
const secondsBetweenTicks = 0.5;
const ticksBetweenSweeps = 2;
const ticksBetweenWholeSweeps = 20;
const ticksBetweenLooksForRemoved = 120;

export function createSupervisor(
  given: Pick<Scope, "config" | "index" | "events" | "environmentOf" | "startShim" | "groups">,
): Supervisor {
  const queue = new Queue(given.config.concurrency, (jobId) => void startJob(scope, jobId));
  const refresh: Refresh = serialRefresh(() => scope);
  const scope: Scope = {
    ...given,
    queue,
    refresh,
    shims: new Set(),
    accepted: new Set(),
    cancelling: new Set(),
    withOwnEnvironment: new Set(),
    unread: new Set(),
    looking: new Set(),
    submitting: new Map(),
    removing: new Map(),
    trash: new Trash(given.config, given.events),
  };
  const removedRuns = new RemovedRuns(scope);
  let timer: NodeJS.Timeout | undefined;
  let keeper: CacheKeeper | undefined;
  let found: Found = { unfinished: [], uncached: 0 };
  const release = ({ job_id }: Job) => {
    queue.release(job_id);
    for (const jobs of [scope.accepted, scope.cancelling, scope.withOwnEnvironment]) jobs.delete(job_id);
  };
  given.events.on("changed", (job) => {
    if ("completed_at" in job.state) release(job);
  });
  given.events.on("removed", release);
  return {
    accept: (wish) => acceptOnce(scope, wish),
    cancel: (jobId, requestedBy) => cancelJob(scope, jobId, requestedBy),
    remove: (jobId) => removeJob(scope, jobId),
    retire: async (jobId) => {
      await scope.trash.catchUp();
      return removeJob(scope, jobId);
    },
    pin: (jobId) => pinJob(scope, jobId),
    unpin: (jobId) => unpinJob(scope, jobId),
    refresh,
    look: (jobId) => void look(scope, jobId),
    forgetRemoved: () => removedRuns.forget(),
    load: async (readers) => {
      found = await findJobs(scope, readers);
    },
    resume: () => resumeJobs(scope, found),
    begin: (isBlind) => {
      keeper = new CacheKeeper(scope, found.uncached);
      queue.open();
      void scope.trash.takeLeftovers();
      let tick = 0;
      timer = setInterval(() => {
        tick++;
        if (isBlind() || tick % ticksBetweenSweeps === 0) sweep(scope, tick % ticksBetweenWholeSweeps === 0);
        if (tick % ticksBetweenLooksForRemoved === 0) void removedRuns.forgetIfChanged();
      }, secondsBetweenTicks * 1000);
    },
    end: async () => {
      clearInterval(timer);
      queue.close();
      await keeper?.end();
    },
  };
}
