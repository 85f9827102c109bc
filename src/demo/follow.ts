import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { z } from "zod";
import { JobAccepted, JobDocument } from "../http/schemas.ts";
import { isTerminal, type Status } from "../jobs/status.ts";
import { fileOf } from "../runs/run-directory.ts";

type Job = z.infer<typeof JobDocument>;
type Tell = (source: "status" | "stdout", line: string) => void;

/** How often the job is looked at, in milliseconds. */
const pause = 50;
/** How long it may wait for its turn, in milliseconds. */
const longestPending = 30_000;

export interface SubmittedJob {
  readonly job_id: string;
  /** Its run directory. */
  readonly directory: string;
}

export async function submit(url: string, parameters: object, signal: AbortSignal): Promise<SubmittedJob> {
  const request = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ parameters }),
    signal,
  };
  const { job_id, status_file } = JobAccepted.parse(await ask(`${url}/jobs`, request));
  return { job_id, directory: dirname(status_file) };
}

/** Tells each status and each line of the job's output as they come, until it has ended. */
export async function follow(url: string, job: SubmittedJob, tell: Tell, signal: AbortSignal): Promise<Job> {
  const deadline = Date.now() + longestPending;
  let told: Status = "pending";
  let lines = 0;
  tell("status", told);
  for (;;) {
    const now = JobDocument.parse(await ask(`${url}/jobs/${job.job_id}`, { signal }));
    const ended = isTerminal(now.status);
    if (told === "pending" && now.started_at !== null) {
      told = "running";
      tell("status", told);
    }
    // Read after the status: what a job that has ended wrote is all there by now.
    lines += await tellLines(fileOf(job.directory, "stdout"), lines, ended, tell);
    if (ended) {
      tell("status", now.status);
      return now;
    }
    if (told === "pending" && Date.now() > deadline) throw new Error(stillPending);
    await setTimeout(pause, undefined, { signal });
  }
}

const stillPending =
  "the job still waits for its turn: earlier jobs hold every slot; set QUANT_RUNS_DIR to an empty folder";

/** Tells the lines after the first `told` ones, the last only when it is whole; returns how many it told. */
async function tellLines(path: string, told: number, ended: boolean, tell: Tell): Promise<number> {
  const lines = (await textOf(path)).split("\n");
  const last = lines.pop();
  if (ended && last) lines.push(last);
  const fresh = lines.slice(told);
  for (const line of fresh) tell("stdout", line);
  return fresh.length;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return ""; // the job has not started yet
  }
}

async function ask(url: string, request: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, request);
  } catch (cause) {
    throw new Error("the server does not answer any more", { cause });
  }
  if (!response.ok) throw new Error(`the server refused the request: ${await response.text()}`);
  return await response.json();
}
