import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { expect, test } from "vitest";
import { noLimits } from "../../src/jobs/limits.ts";
import { jobText } from "../../src/runs/job-record.ts";
import { statusText } from "../../src/runs/status-record.ts";
import { descriptorsOf, residentBytes } from "../support/processes.ts";
import { ended, type Job, send, startServer, submit, temporaryFolder, waitFor } from "../support/server.ts";
import { patience, report, scale } from "./scale.ts";

test(`${scale.jobsAtOnce} jobs at once: all answer, all end, and the server is as small as before`, {
  timeout: patience,
}, async () => {
  const server = await startServer({ args: ["--concurrency", String(scale.jobsAtOnce)] });
  const path = join(await temporaryFolder(), "go");
  execFileSync("mkfifo", [path]);
  await ended(server, await submit(server, "basic:succeeds"));
  const before = { memory: residentBytes(server.pid), descriptors: descriptorsOf(server.pid).length };
  const ids: string[] = [];
  for (let count = 0; count < scale.jobsAtOnce; count++)
    ids.push(await submit(server, "basic:waits_for_writer", { path }));
  await waitFor(async () => expect((await send(server, "/health")).body.active_jobs).toBe(scale.jobsAtOnce));
  const answers: number[] = [];
  for (const id of ids) {
    const asked = performance.now();
    expect((await send<Job>(server, `/jobs/${id}`)).body.status).toBe("running");
    answers.push((performance.now() - asked) / 1000);
  }
  await writeFile(path, "");
  for (const id of ids) expect((await ended(server, id)).result).toEqual({ result: "found" });
  await waitFor(() => expect(descriptorsOf(server.pid).length).toBeLessThanOrEqual(before.descriptors + 2));
  await waitFor(() => expect(residentBytes(server.pid) - before.memory).toBeLessThan(100 * 2 ** 20));
  const grown = residentBytes(server.pid) - before.memory;
  report(
    `seconds to an answer while ${ids.length} jobs ran (memory grew by ${Math.round(grown / 2 ** 20)} MiB)`,
    answers,
  );
});

/** Writes run directories as an accept does, without a server. */
async function writePending(runsDir: string, count: number): Promise<string[]> {
  const ids = Array.from(
    { length: count },
    (_, number) => `20260101-000000-${String(number).padStart(10, "0")}`,
  );
  for (const [number, job_id] of ids.entries()) {
    const created_at = `2026-01-01T00:00:00.${String(number).padStart(6, "0")}+00:00`;
    const limits = noLimits;
    const request = {
      job_id,
      created_at,
      runtime: "python",
      labels: {},
      submitted_by: null,
      submission: null,
      env: {},
      entrypoint: "basic:returns_nothing",
      limits,
      parameters: "{}",
    };
    await mkdir(join(runsDir, job_id));
    await writeFile(join(runsDir, job_id, "job.json"), jobText(request));
    await writeFile(join(runsDir, job_id, "status.json"), statusText(request, { status: "pending" }));
  }
  return ids;
}

test(`${scale.pendingJobs} waiting jobs survive a restart and start in order`, {
  timeout: patience,
}, async () => {
  const runsDir = await temporaryFolder();
  const ids = await writePending(runsDir, scale.pendingJobs);
  const asked = performance.now();
  const server = await startServer({ runsDir, args: ["--concurrency", "1"] });
  report(`seconds until a server with ${ids.length} waiting jobs was ready`, [
    (performance.now() - asked) / 1000,
  ]);
  expect((await send(server, "/jobs?limit=0")).body.total).toBe(ids.length);
  const first = await Promise.all(ids.slice(0, 6).map((id) => ended(server, id)));
  const starts = first.map((job) => String(job.started_at));
  expect(starts).toEqual(starts.toSorted());
  expect((await send<Job>(server, `/jobs/${ids.at(-1)}`)).body.status).toBe("pending");
  expect((await send(server, "/health")).body.active_jobs).toBeLessThanOrEqual(1);
});
