import { z } from "zod";
import { Failure } from "../jobs/failure.ts";
import { Termination } from "../jobs/termination.ts";
import { readRecord, replaceFile } from "./record-file.ts";
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
});
export type Ending = z.infer<typeof Ending>;

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
