import type { State } from "../jobs/job.ts";
import { isTerminal } from "../jobs/status.ts";
import { type Alive, probeAlive, probeAliveNow } from "./alive.ts";
import { endingIn } from "./exit-record.ts";
import { type FileFacts, factsNow, hasSettled } from "./file-facts.ts";
import { type Request, requestIn } from "./job-record.ts";
import { originalIn } from "./original-run.ts";
import { type Proof, proofOf } from "./proof.ts";
import { CorruptRecord, type RecordText, readWhole, readWholeNow } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";
import { type StatusFields, statusIn } from "./status-record.ts";

/** The three records that tell of an ended job. */
const recordNames = ["job", "status", "exit"] as const;

/** A job that has ended, as its records tell it. */
export interface EndedRun {
  /** Undefined for a run of the original wrapper. */
  readonly request: Request | undefined;
  readonly created_at: string;
  readonly state: Extract<State, { completed_at: string }>;
  /** Undefined while the records are so new that a change could go unnoticed. */
  readonly proof: Proof | undefined;
}

type Records = readonly (RecordText | undefined)[];

/**
 * The run in a directory, if it has ended and its records are in the best order. Undefined leaves it to a closer look,
 * whatever is the matter. It waits for the kernel: only before requests are served, and on a local disk.
 */
export function endedRunNow(directory: string, jobId: string): EndedRun | undefined {
  const moment = Date.now();
  try {
    const records = recordNames.map((name) => readWholeNow(fileOf(directory, name)));
    return endedRun(directory, jobId, records, probeAliveNow(directory), moment);
  } catch {
    return undefined;
  }
}

/** As `endedRunNow`, at any time. */
export async function readEndedRun(directory: string, jobId: string): Promise<EndedRun | undefined> {
  const moment = Date.now();
  try {
    const records = await Promise.all(recordNames.map((name) => readWhole(fileOf(directory, name))));
    return endedRun(directory, jobId, records, await probeAlive(directory), moment);
  } catch {
    return undefined;
  }
}

/** What the records of a run are now; as `endedRunNow` it waits for the kernel. */
export function proofNow(directory: string): Proof {
  return proofOf(recordNames.map((name) => factsNow(fileOf(directory, name))));
}

/** The same rules as for a job that is read record by record: a status counts with the exit record that proves it. */
function endedRun(
  directory: string,
  jobId: string,
  records: Records,
  alive: Alive,
  moment: number,
): EndedRun | undefined {
  const [job, status, exit] = records;
  if (status === undefined || (job !== undefined && exit === undefined)) return undefined;
  const path = fileOf(directory, "status");
  const request = job && requestIn(fileOf(directory, "job"), job.text);
  const { fields } = request ? statusIn(path, status) : originalIn(path, status);
  if ((request ?? fields).job_id !== jobId || !isTerminal(fields.status)) return undefined;
  if (request && !isProven(fields, directory, exit, alive)) return undefined;
  const facts = records.map((record) => record?.facts);
  const created_at = request?.created_at ?? fields.created_at;
  return { request, created_at, state: endedState(fields), proof: settledProof(facts, moment) };
}

function isProven(
  { status }: StatusFields,
  directory: string,
  exit: RecordText | undefined,
  alive: Alive,
): boolean {
  if (exit === undefined || alive === "held") return false;
  return endingIn(fileOf(directory, "exit"), exit.text).status === status;
}

function settledProof(facts: readonly (FileFacts | undefined)[], moment: number): Proof | undefined {
  return facts.every((each) => each === undefined || hasSettled(each, moment)) ? proofOf(facts) : undefined;
}

/** @throws Error when it is no ending */
export function endedState({
  status,
  started_at,
  completed_at,
  created_at,
}: StatusFields): EndedRun["state"] {
  if (!isTerminal(status)) throw new CorruptRecord("status.json", `${status} is not the end of a job`);
  return { status, started_at, completed_at: completed_at ?? created_at };
}
