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
  /** The number of a trait is its place in `traits`. They can be gone through once. */
  readonly entries: Iterable<EndedEntry>;
}

const ends = ["completed", "failed"] as const;

/** A line of the cache: a sum of its text, by which a damaged one is known, and columns of what the jobs are. */
export function cachedText({ traits, entries: given }: CachedRuns): string {
  const entries = [...given];
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

/** What a line holds, by columns; `proofs` has two numbers for each job. */
interface Columns {
  readonly ids: readonly string[];
  readonly ends: readonly number[];
  readonly trait: readonly number[];
  readonly created: readonly (number | string)[];
  readonly started: readonly Moment[];
  readonly completed: readonly (number | string)[];
  readonly proofs: readonly number[];
  readonly submissions: readonly (EndedEntry["submission"] | null)[];
}

/**
 * All values are looked at before the first entry is asked for.
 * @throws Error where one is not what it should be
 */
function runsIn(value: unknown): CachedRuns {
  const columns = isJsonObject(value) ? value : {};
  const ids = columnIn(columns, "ids", isId);
  const traits = traitsIn(columns);
  const column = <Kind>(name: string, isSound: Check<Kind>, each = 1) =>
    columnIn(columns, name, isSound, each * ids.length);
  const entries = entriesIn({
    ids,
    ends: column("ends", isNumberBelow(ends.length)),
    trait: column("trait", isNumberBelow(traits.length)),
    created: column("created", isMoment),
    started: column("started", isMomentOrNone),
    completed: column("completed", isMoment),
    proofs: column("proofs", isNumberBelow(2 ** 32), 2),
    submissions: column("submissions", isSubmissionOrNone),
  });
  return { traits, entries };
}

/** An entry is gone before the next one is made: a thousand at a time would cost the garbage collector more than all else. */
function* entriesIn(columns: Columns): Generator<EndedEntry> {
  const { ids, trait, created, started, completed, proofs, submissions } = columns;
  for (let row = 0; row < ids.length; row++) {
    yield {
      jobId: ids[row] ?? "",
      status: ends[columns.ends[row] ?? 0] ?? "failed",
      trait: trait[row] ?? 0,
      created: created[row] ?? null,
      started: started[row] ?? null,
      completed: completed[row] ?? null,
      proof: [proofs[2 * row] ?? 0, proofs[2 * row + 1] ?? 0],
      submission: submissions[row] ?? undefined,
    };
  }
}

type Check<Kind> = (value: unknown) => value is Kind;

function columnIn<Kind>(
  columns: Record<string, unknown>,
  name: string,
  isSound: Check<Kind>,
  length?: number,
): readonly Kind[] {
  const column = columns[name];
  if (!Array.isArray(column) || !column.every(isSound) || column.length !== (length ?? column.length))
    throw new Error(`no ${name}`);
  return column;
}

function traitsIn(columns: Record<string, unknown>): Trait[] {
  return columnIn(columns, "traits", Array.isArray).map(([entrypoint, runtime, labels]) => {
    const isSound = typeof entrypoint === "string" && typeof runtime === "string" && isJsonObject(labels);
    if (!isSound || !Object.values(labels).every((label) => typeof label === "string"))
      throw new Error("no trait");
    return { entrypoint, runtime, labels: labels as Job["labels"] };
  });
}

function isId(value: unknown): value is string {
  return typeof value === "string" && isJobId(value);
}

function isMoment(value: unknown): value is number | string {
  return typeof value === "string" || Number.isSafeInteger(value);
}

function isMomentOrNone(value: unknown): value is Moment {
  return value === null || isMoment(value);
}

function isNumberBelow(bound: number): Check<number> {
  return (value): value is number =>
    typeof value === "number" && value >= 0 && value < bound && Number.isInteger(value);
}

function isSubmissionOrNone(value: unknown): value is NonNullable<EndedEntry["submission"]> | null {
  if (value === null) return true;
  return isJsonObject(value) && typeof value.key === "string" && typeof value.digest === "string";
}
