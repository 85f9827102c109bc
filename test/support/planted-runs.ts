import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { noLimits } from "../../src/jobs/limits.ts";
import { timestampOf } from "../../src/jobs/timestamp.ts";
import { createRunDirectory } from "../../src/runs/accept.ts";
import { bareEnding, writeEnding } from "../../src/runs/exit-record.ts";
import { fileOf } from "../../src/runs/run-directory.ts";
import { statusText, writeStatus } from "../../src/runs/status-record.ts";

const milliseconds = 1000;
const day = 86_400 * milliseconds;

interface Planted {
  /** How many days ago it ended. */
  readonly daysAgo?: number;
  /** Bytes of a file that its callable left. */
  readonly bytes?: number;
  readonly isPinned?: boolean;
}

/** Puts the run of a job that has ended into a runs directory, as a server and a shim would have left it. */
export async function plantEnded(runsDir: string, jobId: string, planted: Planted = {}): Promise<string> {
  const { daysAgo = 0, bytes = 0, isPinned = false } = planted;
  const completed_at = timestampOf(Date.now() - daysAgo * day);
  const request = {
    job_id: jobId,
    created_at: completed_at,
    runtime: "python",
    entrypoint: "basic:succeeds",
    labels: {},
    limits: noLimits,
    env: {},
    submitted_by: null,
    submission: null,
    parameters: "{}",
  };
  const ending = bareEnding("", null as never, { status: "completed", error: null, completed_at });
  const directory = await createRunDirectory(runsDir, request, "process");
  await writeEnding(directory, ending);
  await writeStatus(
    directory,
    statusText(request, { status: "completed", started_at: null, completed_at }, ending),
  );
  if (bytes > 0) await writeFile(join(directory, "made.bin"), Buffer.alloc(bytes, 1));
  if (isPinned) await writeFile(fileOf(directory, "pinned"), "");
  return directory;
}

/** The names of the runs that are there, without what is the server's. */
export function runsIn(runsDir: string): string[] {
  return readdirSync(runsDir)
    .filter((name) => !name.startsWith("."))
    .toSorted();
}

/** What lies in the trash. */
export function trashIn(runsDir: string): string[] {
  return readdirSync(runsDir).filter((name) => name.startsWith(".trash-"));
}
