import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { newJobId } from "../../../src/jobs/job-id.ts";
import { noLimits } from "../../../src/jobs/limits.ts";
import { timestampOf } from "../../../src/jobs/timestamp.ts";
import { type Ending, usageOf } from "../../../src/runs/exit-record.ts";
import { jobText, type Request } from "../../../src/runs/job-record.ts";
import { fileOf, runDirectory } from "../../../src/runs/run-directory.ts";
import { statusText } from "../../../src/runs/status-record.ts";
import { temporaryFolder } from "./folders.ts";
import { run } from "./run.ts";

/** The first job's moment, in milliseconds: an early day, so that jobs which are added are newer than all of these. */
const firstMoment = Date.UTC(2026, 0, 5);

/** How many FIFOs one mkfifo(1) makes. */
const fifosAtOnce = 2000;

/** One run of so many has a label, of a value that no other has. */
const labelled = 10;

/** Until every record is older than one that may still change unseen (settlingTime in src/runs/file-facts.ts), in milliseconds. */
const settling = 3000;

/** Folders by how many runs are in them; each is made once and serves all who ask for as many. */
const made = new Map<number, Promise<string>>();

/**
 * A runs directory of jobs that have completed, one a second, as server and shim would have left them, long ago: the
 * kernel has written a gibibyte of them to the disk, rather than doing so while something is measured.
 */
export function finishedRuns(count: number): Promise<string> {
  const folder = made.get(count) ?? makeRuns(count);
  made.set(count, folder);
  return folder;
}

async function makeRuns(count: number): Promise<string> {
  const { path } = temporaryFolder();
  for (let start = 0; start < count; start += fifosAtOnce) {
    const ids = Array.from({ length: Math.min(fifosAtOnce, count - start) }, (_, at) =>
      writeRun(path, start + at),
    );
    await run("mkfifo", ["-m", "600", ...ids.map((id) => fileOf(runDirectory(path, id), "alive"))]);
  }
  await Promise.all([run("sync", ["--file-system", path]), setTimeout(settling)]);
  return path;
}

/** Writes what is in a run directory once its job has completed. @returns the job's id */
function writeRun(runsDir: string, number: number): string {
  const moment = firstMoment + number * 1000;
  const created_at = timestampOf(moment);
  const labels = number % labelled === 0 ? { seed: String(number) } : ordinary.labels;
  const request: Request = { ...ordinary, labels, job_id: newJobId(created_at), created_at };
  const ending = endingAt(moment);
  const directory = runDirectory(runsDir, request.job_id);
  mkdirSync(directory, { mode: 0o700 });
  const write = (name: Parameters<typeof fileOf>[1], text: string) =>
    writeFileSync(fileOf(directory, name), text, { flag: "wx", mode: 0o600 });
  write("job", jobText(request));
  write("status", statusOf(request, ending));
  write("stdout", "");
  write("stderr", "");
  write("claim", `${JSON.stringify(claimAt(moment), null, 2)}\n`);
  write("result", '{"result": {"answer": 42}}\n');
  write("exit", `${JSON.stringify({ version: 1, ...ending, ...process_ }, null, 2)}\n`);
  return request.job_id;
}

const ordinary = {
  runtime: "python",
  entrypoint: "noop:main",
  limits: noLimits,
  labels: {},
  env: {},
  submitted_by: null,
  submission: null,
  parameters: "{}",
} as const;

/** What exit.json tells of the process itself. */
const process_ = {
  exit_code: 0,
  signal: null,
  core_dumped: false,
  ended_by_shim: false,
  strays_ended: 0,
  seconds: 0.014,
} as const;

function endingAt(moment: number): Ending {
  return {
    status: "completed",
    started_at: timestampOf(moment + 30),
    completed_at: timestampOf(moment + 45),
    error: null,
    failure: null,
    result_bytes: 27,
    termination: null,
    cpu_seconds: 0.012,
    peak_memory_bytes: 11_558_912,
  };
}

/** As the shim writes it: with the result in it, and the use of resources spaced as Python spaces it. */
function statusOf(request: Request, { started_at, completed_at, ...ending }: Ending): string {
  const full = { ...ending, started_at, completed_at };
  const state = { status: "completed", started_at, completed_at: full.completed_at } as const;
  const text = statusText(request, state, { ...full, result_bytes: null });
  const usage = JSON.stringify(usageOf(full));
  return text
    .replace('"result": null', '"result": {"result": {"answer": 42}}')
    .replace(usage, usage.replaceAll(":", ": ").replaceAll(",", ", "));
}

/** A shim of an earlier life of the machine, whose pid is nobody's now. */
function claimAt(moment: number): object {
  return {
    version: 1,
    holder: "shim",
    attempt: 1,
    claimed_at: timestampOf(moment + 30),
    pid: 4_194_303,
    start_time_ticks: 1,
    boot_id: "00000000-0000-4000-8000-000000000000",
    pid_namespace: "pid:[4026531836]",
    host: "bench",
  };
}

/** Writes ids of jobs to a file, one a line, for a client that asks for them. @returns its path */
export function writeIds(ids: readonly string[], folder: string): string {
  const path = join(folder, "ids");
  writeFileSync(path, `${ids.join("\n")}\n`);
  return path;
}
