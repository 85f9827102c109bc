import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimOf, exitOf } from "../support/processes.ts";
import {
  ended,
  type Job,
  reached,
  send,
  startServer,
  submit,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

test("a running job is adopted with the process it had, and the waiting ones start in order", async () => {
  const oneSlot = { args: ["--concurrency", "1"] };
  const server = await startServer(oneSlot);
  const path = join(await temporaryFolder(), "go");
  const running = await submit(server, "basic:waits_for_file", { path });
  await reached(server, running, "running");
  const waiting = [];
  for (let count = 0; count < 4; count++) waiting.push(await submit(server, "basic:returns_nothing"));
  const claim = claimOf(server.runsDir, running);
  await server.kill();
  const next = await startServer({ ...oneSlot, runsDir: server.runsDir });
  expect((await send(next, "/health")).body.active_jobs).toBe(1);
  expect((await send(next, "/jobs?status_filter=pending")).body.total).toBe(4);
  writeFileSync(path, "");
  expect((await ended(next, running)).result).toEqual({ result: "found" });
  expect(claimOf(server.runsDir, running)).toEqual(claim);
  const starts = [];
  for (const jobId of waiting) starts.push(String((await ended(next, jobId)).started_at));
  expect(starts).toEqual(starts.toSorted());
});

test.each([
  ["basic:succeeds", { status: "completed", failure: null }],
  ["endings:raises", { status: "failed", failure: { reason: "exception", exit_code: 1 } }],
  ["endings:segfaults", { status: "failed", failure: { reason: "crashed", signal: "SIGSEGV" } }],
])("%s that ends while no server lives keeps its true ending and its time", async (entrypoint, ending) => {
  const server = await startServer({ args: ["--concurrency", "1"] });
  const jobId = await submit(server, entrypoint);
  await reached(server, jobId, "running", "completed", "failed");
  await server.kill();
  const { completed_at } = await waitFor(() => exitOf(server.runsDir, jobId));
  const next = await startServer({ runsDir: server.runsDir });
  expect(await ended(next, jobId)).toMatchObject({ ...ending, completed_at });
});

test("a shim that died between its exit record and the status is made up for", async () => {
  const server = await startServer();
  const job = await ended(server, await submit(server, "endings:raises"));
  await server.stop();
  const path = join(server.runsDir, job.job_id, "status.json");
  const status = readFileSync(path, "utf8").replace('"status": "failed"', '"status": "running"');
  writeFileSync(path, status);
  const next = await startServer({ runsDir: server.runsDir });
  expect((await send<Job>(next, `/jobs/${job.job_id}`)).body).toEqual(job);
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(job);
});

/** Rewrites the claim of a job whose server and shim are gone, as another machine or an earlier boot would have it. */
async function loseWith(change: object): Promise<Job> {
  const server = await startServer();
  const jobId = await submit(server, "stubborn:sleeps");
  await reached(server, jobId, "running");
  await server.kill();
  const claim = claimOf(server.runsDir, jobId);
  process.kill(claim.pid, "SIGKILL");
  writeFileSync(
    join(server.runsDir, jobId, "claim"),
    `${JSON.stringify({ ...claim, ...change }, null, 2)}\n`,
  );
  const next = await startServer({ runsDir: server.runsDir });
  return ended(next, jobId);
}

test.each([
  ["the shim was killed", {}, "The shim was killed while the job ran"],
  [
    "the machine was restarted",
    { boot_id: "of another boot" },
    "The machine was restarted while the job ran",
  ],
  ["it ran elsewhere", { host: "elsewhere" }, "The job ran on another machine"],
])("a lost job says that %s, and never runs again", async (_what, change, sentence) => {
  const job = await loseWith(change);
  expect(job).toMatchObject({ status: "failed", failure: { reason: "lost" }, result: null });
  expect(job.error).toContain(sentence);
});

test("what a killed server was about to accept is removed", async () => {
  const runsDir = await temporaryFolder();
  mkdirSync(join(runsDir, ".new-20260101-000000-aaaaaaaaaa"));
  const server = await startServer({ runsDir });
  expect(readdirSync(server.runsDir).filter((name) => name.startsWith(".new-"))).toEqual([]);
  expect((await send(server, "/jobs")).body.total).toBe(0);
});
