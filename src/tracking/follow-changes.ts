import { changedAt, historyOf, type Job } from "../jobs/job.ts";
import { microseconds } from "../jobs/timestamp.ts";
import { Silence } from "../logs/silence.ts";
import type { JobIndex } from "./job-index.ts";
import { type Journal, mostKept } from "./journal.ts";
import { plausible } from "./moments.ts";

/** Where a follower is: behind which change of which server's life, and when that was told, in microseconds. */
export interface Position {
  readonly life: string;
  readonly sequence: number;
  readonly moment: number;
}

/** What a follower sees: a job as it has become, only a new position, or nothing for a while. */
export type ChangeNews =
  | { readonly kind: "job"; readonly job: Job; readonly position: Position }
  | { readonly kind: "position"; readonly position: Position }
  | { readonly kind: "quiet" };

/** What followers are told from. */
export interface Tracked {
  readonly index: JobIndex;
  readonly journal: Journal;
}

/** In place of a life whose numbers nobody knows: whoever comes back with it is told by the time. */
const noLife = "-";

/** How much later than it happened, in microseconds, a change may have been learnt of. */
const latestNews = 300 * 1_000_000;

/**
 * Every change of every job behind a position, in order, as they come. Where the journal no longer knows the position,
 * after a restart of the server or a long absence, the changes are told from the jobs themselves: the latest 10,000 of
 * them, of which those of the last minutes may come twice.
 */
export async function* followChanges(
  tracked: Tracked,
  from: Position | undefined,
  signal: AbortSignal,
): AsyncGenerator<ChangeNews> {
  const { journal } = tracked;
  let position = from ?? positionNow(journal);
  const silence = new Silence();
  if (from === undefined) yield { kind: "position", position };
  while (!signal.aborted) {
    const news = newsBehind(tracked, position);
    if (news.length === 0 && silence.left > 0) {
      await journal.next(silence.left, signal);
      continue;
    }
    for (const each of news) {
      position = each.position;
      yield each;
    }
    if (news.length === 0) yield { kind: "quiet" };
    silence.begin();
  }
}

function positionNow({ life, latest }: Journal): Position {
  return { life, sequence: latest, moment: Date.now() * 1000 };
}

function newsBehind(
  tracked: Tracked,
  { life, sequence, moment }: Position,
): Exclude<ChangeNews, { kind: "quiet" }>[] {
  const { journal } = tracked;
  const change = life === journal.life ? journal.after(sequence) : "forgotten";
  if (change === "forgotten") return newsSince(tracked, moment);
  if (change === undefined) return [];
  const position = { life, sequence: change.sequence, moment: change.moment };
  return [{ kind: "job", job: change.job, position }];
}

/** What became of the jobs since a moment, in the order of time; what comes behind it is the journal's. */
function newsSince({ index, journal }: Tracked, moment: number): Exclude<ChangeNews, { kind: "quiet" }>[] {
  const now = positionNow(journal);
  const since = Math.min(moment, now.moment) - latestNews;
  const jobs = dated(index.latestChanged(since, now.moment, mostKept), now.moment).toSorted(byMoment);
  const changes = jobs.flatMap(({ job }) => dated(historyOf(job), now.moment));
  const missed = changes
    .filter((change) => change.moment >= since)
    .sort(byMoment)
    .slice(-mostKept);
  const news = missed.map(({ job, moment }) => {
    return { kind: "job" as const, job, position: { life: noLife, sequence: 0, moment } };
  });
  return [...news, { kind: "position", position: now }];
}

interface Dated {
  readonly job: Job;
  readonly moment: number;
}

/** When jobs came into their state. */
function dated(jobs: readonly Job[], now: number): Dated[] {
  return jobs.map((job) => ({ job, moment: plausible(microseconds(changedAt(job)), now) }));
}

function byMoment(one: Dated, other: Dated): number {
  return one.moment - other.moment;
}
