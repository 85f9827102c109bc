import { z } from "zod";
import { Failure } from "../jobs/failure.ts";
import { Termination } from "../jobs/termination.ts";
import { now } from "../jobs/timestamp.ts";
import type { Usage } from "../jobs/usage.ts";
import { parseRecord, readRecord, replaceFile } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

/** How a job ended, as exit.json tells it. */
export const Ending = z.object({
  status: z.enum(["completed", "failed"]),
  started_at: z.string().nullable(),
  completed_at: z.string(),
  error: z.string().nullable(),
  failure: Failure.nullable(),
  result_bytes: z.int().nonnegative().nullable(),
  termination: Termination.nullable().default(null),
  cpu_seconds: z.number().nonnegative().nullable().default(null),
  peak_memory_bytes: z.int().nonnegative().nullable().default(null),
});
export type Ending = z.infer<typeof Ending>;

/** The ending of a job that no shim has told: nothing is known of what it used. */
export function bareEnding(error: string, failure: Failure, known: Partial<Ending> = {}): Ending {
  return {
    status: "failed",
    started_at: null,
    completed_at: now(),
    error,
    failure,
    result_bytes: null,
    termination: null,
    cpu_seconds: null,
    peak_memory_bytes: null,
    ...known,
  };
}

/** What a job used from its start to its end; null where no shim counted it. */
export function usageOf({ cpu_seconds, peak_memory_bytes }: Ending): Usage | null {
  return cpu_seconds === null
    ? null
    : { cpu_seconds, memory_bytes: null, peak_memory_bytes, processes: null };
}

/** Written by the server for a job whose shim is gone and left none: every ending is told in this one place. */
export function writeEnding(directory: string, ending: Ending): Promise<void> {
  return replaceFile(fileOf(directory, "exit"), `${JSON.stringify({ version: 1, ...ending }, null, 2)}\n`);
}

/**
 * The shim's last record; undefined when there is none.
 * @throws CorruptRecord when it is damaged
 */
export function readEnding(directory: string): Promise<Ending | undefined> {
  return readRecord(fileOf(directory, "exit"), Ending);
}

/** @throws CorruptRecord when the text is no exit record */
export function endingIn(path: string, text: string): Ending {
  return parseRecord(path, text, Ending);
}
