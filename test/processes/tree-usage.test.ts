import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ProcessIdentity } from "../../src/jobs/job.ts";
import { treeUsage } from "../../src/processes/tree-usage.ts";
import { readClaim } from "../../src/runs/claim.ts";
import {
  ended,
  reached,
  sharedServer,
  startServer,
  submit,
  type TestServer,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

const mebibyte = 1024 * 1024;

const server = sharedServer({ args: ["--concurrency", "4"] });

async function shimOf({ runsDir }: TestServer, jobId: string): Promise<ProcessIdentity> {
  const claim = await readClaim(join(runsDir, jobId));
  if (typeof claim !== "object" || claim.holder !== "shim") throw new Error(`no shim has job ${jobId}`);
  return claim;
}

/** A job with two processes beside its own that hold this much memory each, and the files that end them and it. */
async function workers(mebibytes: number): Promise<{ jobId: string; enough: string; end: string }> {
  const folder = await temporaryFolder();
  const files = { enough: join(folder, "enough"), end: join(folder, "end") };
  const jobId = await submit(server(), "usage:forks_workers", { mebibytes, ...files });
  await reached(server(), jobId, "running");
  return { jobId, ...files };
}

test("a running job's processes are counted, wherever they went, with their memory and their time", async () => {
  const { jobId, enough, end } = await workers(50);
  const shim = await shimOf(server(), jobId);
  const full = await waitFor(async () => {
    const usage = await treeUsage(shim);
    expect(usage).toMatchObject({ processes: 3, peak_memory_bytes: null });
    expect(usage?.memory_bytes).toBeGreaterThan(2 * 50 * mebibyte);
    return usage;
  });
  const worked = await waitFor(async () => {
    const usage = await treeUsage(shim);
    expect(usage?.cpu_seconds).toBeGreaterThan(Number(full?.cpu_seconds) + 0.5);
    return usage;
  });
  writeFileSync(enough, "");
  await waitFor(async () => {
    const usage = await treeUsage(shim);
    expect(usage?.processes).toBe(1);
    expect(usage?.cpu_seconds).toBeGreaterThanOrEqual(Number(worked?.cpu_seconds));
    expect(usage?.memory_bytes).toBeLessThan(50 * mebibyte);
  });
  writeFileSync(end, "");
  expect((await ended(server(), jobId)).usage?.cpu_seconds).toBeGreaterThanOrEqual(
    Number(worked?.cpu_seconds),
  );
  expect(await treeUsage(shim)).toBeNull();
});

test("many who ask at once are told of their own job", async () => {
  const jobs = await Promise.all([workers(1), workers(1)]);
  const alone = await submit(server(), "stubborn:sleeps");
  await reached(server(), alone, "running");
  const shims = await Promise.all(
    [...jobs.map(({ jobId }) => jobId), alone].map((id) => shimOf(server(), id)),
  );
  const asked = Array.from({ length: 100 }, () => shims).flat();
  await waitFor(async () => {
    const counts = (await Promise.all(asked.map(treeUsage))).map((usage) => usage?.processes);
    expect(counts).toEqual(asked.map((_, index) => (index % 3 === 2 ? 1 : 3)));
  });
});

test.each([
  ["another machine", { host: "elsewhere" }],
  ["another boot", { boot_id: "of another boot" }],
  ["another process with its number", { start_time_ticks: 1 }],
  ["a process of which the start is not known", { start_time_ticks: null }],
  ["a process that is not there", { pid: 2 ** 22 + 1 }],
])("nothing is told of %s", async (_what, change) => {
  const jobId = await submit(server(), "basic:prints");
  await reached(server(), jobId, "running", "completed");
  expect(await treeUsage({ ...(await shimOf(server(), jobId)), ...change })).toBeNull();
});

test("nothing is told of a job whose shim was killed", async () => {
  const other = await startServer();
  const jobId = await submit(other, "stubborn:sleeps");
  await reached(other, jobId, "running");
  const shim = await shimOf(other, jobId);
  expect(await treeUsage(shim)).toMatchObject({ processes: 1 });
  process.kill(shim.pid, "SIGKILL");
  expect(await ended(other, jobId)).toMatchObject({ failure: { reason: "lost" }, usage: null });
  expect(await treeUsage(shim)).toBeNull();
});
