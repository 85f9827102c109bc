import { crc32 } from "node:zlib";
import type { Job } from "../jobs/job.ts";
import { isJobId } from "../jobs/job-id.ts";
import { isJsonObject } from "../json.ts";
import type { EndedEntry } from "./job-table.ts";
import type { Moment } from "./moments.ts";
import type { Trait } from "./traits.ts";

/** Ended jobs as a line of the index's cache holds them. What they have in common stands in `traits`, once. */
export interface CachedRuns {
  readonly traits: readonly Trait[];
  /** The number of a trait is its place in `traits`. */
  readonly entries: readonly EndedEntry[];
}

const ends = ["completed", "failed"] as const;

/** A line of the cache: a sum of its text, by which a damaged one is known, and columns of what the jobs are. */
export function cachedText({ traits, entries }: CachedRuns): string {
  const text = JSON.stringify({
    traits: traits.map(({ entrypoint, runtime, labels }) => [entrypoint, runtime, labels]),
    ids: entries.map(({ jobId }) => jobId),
    ends: entries.map(({ status }) => ends.indexOf(status)),
    trait: entries.map(({ trait }) => trait),
    created: entries.map(({ created }) => created),
    started: entries.map(({ started }) => started),
    completed: entries.map(({ completed }) => completed),
    proofs: entries.flatMap(({ proof }) => proof),
    submissions: entries.map(({ submission }) => submission ?? null),
  });
  return `${sumOf(Buffer.from(text))} ${text}\n`;
}

function sumOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0");
}

/** What a line holds; undefined for one that is damaged in any way. */
export function cachedRunsIn(line: Buffer): CachedRuns | undefined {
  const bytes = line.subarray(9);
  if (line.toString("latin1", 0, 8) !== sumOf(bytes)) return undefined;
  try {
    return runsIn(JSON.parse(bytes.toString("utf8")));
  } catch {
    return undefined; // no JSON, or of another shape
  }
}

/** @throws Error where something is not what it should be */
function runsIn(value: unknown): CachedRuns {
  const columns = isJsonObject(value) ? value : {};
  const traits = listIn(columns, "traits").map(traitIn);
  const [created, started] = [listIn(columns, "created"), listIn(columns, "started")];
  const [completed, proofs] = [listIn(columns, "completed"), listIn(columns, "proofs")];
  const [end, trait] = [listIn(columns, "ends"), listIn(columns, "trait")];
  const submissions = listIn(columns, "submissions");
  const entries = listIn(columns, "ids").map((jobId, row): EndedEntry => {
    const status = ends[Number(end[row])];
    if (typeof jobId !== "string" || !isJobId(jobId) || status === undefined) throw new Error("no ended job");
    return {
      jobId,
      status,
      trait: numberIn(trait[row], traits.length),
      created: known(momentIn(created[row])),
      started: momentIn(started[row]),
      completed: known(momentIn(completed[row])),
      proof: [numberIn(proofs[2 * row], 2 ** 32), numberIn(proofs[2 * row + 1], 2 ** 32)],
      submission: submissionIn(submissions[row]),
    };
  });
  return { traits, entries };
}

function listIn(columns: Record<string, unknown>, name: string): readonly unknown[] {
  const column = columns[name];
  if (!Array.isArray(column)) throw new Error(`no ${name}`);
  return column;
}

function traitIn(value: unknown): Trait {
  const [entrypoint, runtime, labels] = Array.isArray(value) ? value : [];
  const isSound = typeof entrypoint === "string" && typeof runtime === "string" && isJsonObject(labels);
  if (!isSound || !Object.values(labels).every((label) => typeof label === "string"))
    throw new Error("no trait");
  return { entrypoint, runtime, labels: labels as Job["labels"] };
}

function momentIn(value: unknown): Moment {
  if (value === null || typeof value === "string" || Number.isSafeInteger(value)) return value as Moment;
  throw new Error("no moment");
}

function known(moment: Moment): Moment {
  if (moment === null) throw new Error("no moment");
  return moment;
}

function numberIn(value: unknown, below: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < below) return value;
  throw new Error("no number");
}

function submissionIn(value: unknown): EndedEntry["submission"] {
  if (value === null) return undefined;
  const { key, digest } = isJsonObject(value) ? value : {};
  if (typeof key === "string" && typeof digest === "string") return { key, digest };
  throw new Error("no submission");
}
