import { historyOf, type Job, startedAt } from "../jobs/job.ts";
import type { Progress } from "../jobs/progress.ts";
import { isTerminal } from "../jobs/status.ts";
import { untilNextLook } from "../logs/follow.ts";
import { type LogFile, type LogPiece, LogReader } from "../logs/log-reader.ts";
import { Silence } from "../logs/silence.ts";
import { readProgress } from "../progress/read-progress.ts";
import { fileNames } from "../runs/run-directory.ts";

export type LogName = "stdout" | "stderr";

/** How far a follower of one job is: the next byte of each log, and how many statuses it was told. */
export type Place = Readonly<Record<LogName | "statuses", number>>;

/** What a follower of one job sees, and where it is then. */
export type JobNews = { readonly place: Place } & (
  | { readonly kind: "job"; readonly job: Job }
  | { readonly kind: "log"; readonly log: LogName; readonly piece: LogPiece }
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "quiet" }
);

/** Where a job's files are, and what hides the secrets in them, if there are any. */
export type Run = Omit<LogFile, "name">;

/**
 * One job from a place to its end: its statuses, its logs and its progress. The end comes behind the last byte. Nothing
 * is read before the last news were taken.
 */
export async function* followJob(
  run: Run,
  current: () => Job | undefined,
  from: Place,
  signal: AbortSignal,
): AsyncGenerator<JobNews> {
  const silence = new Silence();
  await using follower = new JobFollower(run, from);
  while (!signal.aborted) {
    const job = current(); // asked first: what was written before the end is read after it
    const news = await follower.look(job);
    yield* news;
    if (news.length === 0 && hasEnded(job)) return;
    if (news.length === 0 && silence.left > 0) await untilNextLook(signal);
    else {
      if (news.length === 0) yield { kind: "quiet", place: follower.place };
      silence.begin();
    }
  }
}

function hasEnded(job: Job | undefined): boolean {
  return job === undefined || isTerminal(job.state.status);
}

const millisecondsBetweenProgress = 500;

class JobFollower implements AsyncDisposable {
  readonly #run: Run;
  readonly #logs: Readonly<Record<LogName, LogReader>>;
  #statuses: number;
  #progress = "";
  #progressLookedAt = -Infinity;

  constructor(run: Run, from: Place) {
    const reader = (log: LogName) => new LogReader({ ...run, name: fileNames[log] }, from[log]);
    this.#run = run;
    this.#logs = { stdout: reader("stdout"), stderr: reader("stderr") };
    this.#statuses = from.statuses;
  }

  get place(): Place {
    const { stdout, stderr } = this.#logs;
    return { stdout: stdout.offset, stderr: stderr.offset, statuses: this.#statuses };
  }

  /** What is new: a status that something follows, then pieces of the logs, then the progress, at last the end. */
  async look(job: Job | undefined): Promise<JobNews[]> {
    const next = job && historyOf(job)[this.#statuses];
    if (next !== undefined && !hasEnded(next)) return [this.#tell(next)];
    const isOver = hasEnded(job);
    const pieces = [...(await this.#read("stdout", isOver)), ...(await this.#read("stderr", isOver))];
    const isLast = isOver && pieces.length === 0;
    const news = [...pieces, ...(await this.#lookAtProgress(job, isLast))];
    return news.length === 0 && next !== undefined ? [this.#tell(next)] : news;
  }

  #tell(job: Job): JobNews {
    this.#statuses++;
    return { kind: "job", job, place: this.place };
  }

  async #read(log: LogName, isOver: boolean): Promise<JobNews[]> {
    const piece = await this.#logs[log].read(isOver);
    return piece === undefined ? [] : [{ kind: "log", log, piece, place: this.place }];
  }

  async #lookAtProgress(job: Job | undefined, isLast: boolean): Promise<JobNews[]> {
    const started = job && startedAt(job.state);
    const isDue = performance.now() - this.#progressLookedAt >= millisecondsBetweenProgress;
    if (!started || (!isDue && !isLast)) return [];
    this.#progressLookedAt = performance.now();
    const progress = await readProgress(this.#run.directory, started, this.#run.mask);
    const text = JSON.stringify(progress);
    if (progress === null || text === this.#progress) return [];
    this.#progress = text;
    return [{ kind: "progress", progress, place: this.place }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _stderr = this.#logs.stderr;
    await using _stdout = this.#logs.stdout;
  }
}
