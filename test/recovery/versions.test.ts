import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimOf } from "../support/processes.ts";
import {
  ended,
  type Job,
  reached,
  run,
  send,
  startServer,
  submit,
  temporaryFolder,
} from "../support/server.ts";

/** Rewrites one member of a record that stands one member a line. */
function rewrite(path: string, member: RegExp, text: string): string {
  const changed = readFileSync(path, "utf8").replace(member, text);
  writeFileSync(path, changed);
  return changed;
}

test("a job that a later version wrote is left alone: not started, not overwritten, and named in the log", async () => {
  const server = await startServer({ args: ["--concurrency", "1"] });
  const path = join(await temporaryFolder(), "go");
  const first = await submit(server, "basic:waits_for_file", { path });
  const later = await submit(server, "basic:succeeds");
  const kept = await submit(server, "basic:succeeds");
  await server.kill();
  const record = join(server.runsDir, later, "job.json");
  const text = rewrite(record, /"version": 1/, '"version": 2');
  const status = readFileSync(join(server.runsDir, later, "status.json"), "utf8");
  const next = await startServer({ runsDir: server.runsDir, args: ["--concurrency", "1"] });
  writeFileSync(path, "");
  for (const jobId of [first, kept]) expect((await ended(next, jobId)).status).toBe("completed");
  expect((await send(next, `/jobs/${later}`)).status).toBe(404);
  expect(next.log.filter((line) => line.includes(later)).join("\n")).toContain("version");
  expect(readFileSync(record, "utf8")).toBe(text);
  expect(readFileSync(join(server.runsDir, later, "status.json"), "utf8")).toBe(status);
});

test("a job that an earlier version started is adopted, though its claim tells less", async () => {
  const server = await startServer();
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server, "basic:waits_for_file", { path });
  await reached(server, jobId, "running");
  await server.kill();
  rewrite(join(server.runsDir, jobId, "claim"), /\n\s*"pid_namespace": [^\n]*/, "");
  const { pid } = claimOf(server.runsDir, jobId);
  const next = await startServer({ runsDir: server.runsDir });
  expect((await send<Job>(next, `/jobs/${jobId}`)).body.status).toBe("running");
  process.kill(pid, 0);
  writeFileSync(path, "");
  expect((await ended(next, jobId)).status).toBe("completed");
  expect((await run(next, "basic:succeeds")).status).toBe("completed");
});

test("an ending that an earlier version recorded is kept, and what the job used is not known", async () => {
  const server = await startServer();
  const { job_id, usage, ...job } = await run(server, "endings:raises");
  expect(usage).not.toBeNull();
  await server.stop();
  const directory = join(server.runsDir, job_id);
  rewrite(join(directory, "exit.json"), /,\s*"cpu_seconds": [^,]*,\s*"peak_memory_bytes": \d+/, "");
  rewrite(join(directory, "status.json"), /"status": "failed"/, '"status": "running"');
  const next = await startServer({ runsDir: server.runsDir });
  expect((await send<Job>(next, `/jobs/${job_id}`)).body).toEqual({ ...job, job_id, usage: null });
});
