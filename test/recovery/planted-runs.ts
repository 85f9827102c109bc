import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { noEnvironment } from "../../src/jobs/job-environment.ts";
import { noLimits } from "../../src/jobs/limits.ts";
import { bareEnding } from "../../src/runs/exit-record.ts";
import { jobText, type Request } from "../../src/runs/job-record.ts";
import { fileOf, runDirectory } from "../../src/runs/run-directory.ts";
import { statusText } from "../../src/runs/status-record.ts";

const at = (second: number) =>
  new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString().replace("Z", "000+00:00");

/** What the run of a number was asked for. */
function requestOf(jobId: string, number: number): Request {
  return {
    job_id: jobId,
    created_at: at(number),
    runtime: "python",
    entrypoint: number % 2 ? "basic:succeeds" : "endings:raises",
    limits: noLimits,
    labels: number % 3 ? { desk: `d${number % 4}` } : {},
    env: noEnvironment,
    submitted_by: null,
    submission: number % 5 ? null : { key: `key ${number}`, digest: "digest" },
    parameters: `{"number": ${number}}`,
  };
}

/** Replaces a record as shims and servers do: whole, by rename. */
export function replace(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** Writes the records of a run that has ended, over those that are there. */
export function end(
  runsDir: string,
  jobId: string,
  number: number,
  status = "completed" as "completed" | "failed",
): void {
  const directory = runDirectory(runsDir, jobId);
  const ending = {
    ...bareEnding("", { reason: "lost", exit_code: null, signal: null, type: null, traceback: null }),
    status,
  };
  const times = { started_at: number % 7 ? at(number + 1) : null, completed_at: at(number + 2) };
  replace(fileOf(directory, "exit"), JSON.stringify({ version: 1, ...ending, ...times }));
  replace(fileOf(directory, "status"), statusText(requestOf(jobId, number), { status, ...times }));
}

/** A run that waits. */
function plantPending(runsDir: string, jobId: string, number: number): void {
  const directory = runDirectory(runsDir, jobId);
  mkdirSync(directory, { mode: 0o700 });
  const request = requestOf(jobId, number);
  writeFileSync(fileOf(directory, "job"), jobText(request));
  writeFileSync(fileOf(directory, "status"), statusText(request, { status: "pending" }));
}

export function plantEnded(runsDir: string, jobId: string, number: number): void {
  plantPending(runsDir, jobId, number);
  end(runsDir, jobId, number, number % 4 ? "completed" : "failed");
}

function plantOriginal(runsDir: string, jobId: string, number: number, status: string): void {
  const time = at(number).slice(0, -6); // without an offset, as the original wrote it
  mkdirSync(runDirectory(runsDir, jobId));
  const times = { created_at: time, started_at: time, completed_at: status === "running" ? null : time };
  const text = JSON.stringify({ job_id: jobId, status, ...times, error: null, result: { result: 1 } });
  writeFileSync(fileOf(runDirectory(runsDir, jobId), "status"), text);
}

/** Everything that is met in runs directories, good and bad. */
const plants: readonly ((runsDir: string, jobId: string, number: number) => void)[] = [
  plantEnded,
  plantEnded,
  plantEnded,
  plantPending,
  (runsDir, jobId, number) => plantOriginal(runsDir, jobId, number, "completed"),
  (runsDir, jobId, number) => plantOriginal(runsDir, jobId, number, "running"),
  (runsDir, jobId, number) => {
    plantEnded(runsDir, jobId, number);
    execFileSync("mkfifo", [fileOf(runDirectory(runsDir, jobId), "alive")]);
  },
  (runsDir, jobId, number) => {
    plantEnded(runsDir, jobId, number);
    writeFileSync(fileOf(runDirectory(runsDir, jobId), "exit"), '{"status": "completed"');
  },
  (runsDir, jobId, number) => {
    plantPending(runsDir, jobId, number);
    writeFileSync(fileOf(runDirectory(runsDir, jobId), "job"), jobText(requestOf("another", number)));
  },
  (runsDir, jobId, number) => {
    plantEnded(runsDir, jobId, number);
    writeFileSync(fileOf(runDirectory(runsDir, jobId), "status"), "[".repeat(1000));
  },
  (runsDir, jobId) => mkdirSync(runDirectory(runsDir, jobId)),
  (runsDir, jobId) => writeFileSync(runDirectory(runsDir, jobId), "no directory"),
  (runsDir, jobId) => symlinkSync(runsDir, runDirectory(runsDir, jobId)),
];

/** Plants runs of every kind and returns their ids. */
export function plantAll(runsDir: string, count: number): string[] {
  return Array.from({ length: count }, (_, number) => {
    const jobId = `run-${(number * 7) % 100}-${number}`;
    plants[number % plants.length]?.(runsDir, jobId, number);
    return jobId;
  });
}
