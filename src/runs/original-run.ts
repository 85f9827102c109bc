import { z } from "zod";
import { statuses } from "../jobs/status.ts";
import { isJsonObject, parseExact } from "../json.ts";
import type { Ending } from "./exit-record.ts";
import { CorruptRecord, parseRecord, type RecordText, readWhole, replaceFile } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";
import type { StatusRecord } from "./status-record.ts";

const OriginalFields = z.object({
  job_id: z.string(),
  status: z.enum(statuses),
  created_at: z.string(),
  started_at: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
  completed_at: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
});

/**
 * A run that the original wrapper left behind: a status.json and no job.json. Undefined when there is none.
 * @throws CorruptRecord when it is damaged
 */
export async function readOriginal(directory: string): Promise<StatusRecord | undefined> {
  const path = fileOf(directory, "status");
  const record = await readWhole(path);
  return record && originalIn(path, record);
}

/** @throws CorruptRecord when it is no status of the original's */
export function originalIn(path: string, record: RecordText): StatusRecord {
  const text = withoutNaN(record.text);
  return { text, facts: record.facts, fields: parseRecord(path, text, OriginalFields) };
}

/** The original's server is gone, and its jobs lived inside it: one that never ended is lost. Its members stay. */
export async function loseOriginal(directory: string, ending: Ending): Promise<void> {
  const record = await readOriginal(directory);
  const members = record === undefined ? undefined : parseExact(record.text);
  const path = fileOf(directory, "status");
  if (!isJsonObject(members)) throw new CorruptRecord(path, "is no JSON object");
  const { status, completed_at, error, failure } = ending;
  await replaceFile(
    path,
    `${JSON.stringify({ ...members, status, completed_at, error, failure }, null, 2)}\n`,
  );
}

/** Python's json module writes NaN and Infinity bare, which JSON (RFC 8259) has not: null, as in our own results. */
function withoutNaN(text: string): string {
  return text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"?|-?\bInfinity\b|\bNaN\b/gs, (token) =>
    token.startsWith('"') ? token : "null",
  );
}
