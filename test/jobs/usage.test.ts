import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readEnding } from "../../src/runs/exit-record.ts";
import { readRequest } from "../../src/runs/job-record.ts";
import { readStatus, statusText } from "../../src/runs/status-record.ts";
import { exitOf } from "../support/processes.ts";
import { ended, reached, run, send, startServer, submit } from "../support/server.ts";

/** What status.json holds, members in their order and free of how each language spaces them. */
const compact = (text: string) => JSON.stringify(JSON.parse(text));

test("a job that has ended tells its peak memory and the time of all its processes", async () => {
  const server = await startServer();
  const job = await run(server, "usage:holds", { mebibytes: 64 });
  const { cpu_seconds, peak_memory_bytes } = exitOf(server.runsDir, job.job_id);
  const usage = { cpu_seconds, memory_bytes: null, peak_memory_bytes, processes: null };
  expect(cpu_seconds).toBeGreaterThan(0);
  expect(peak_memory_bytes).toBeGreaterThan(64 * 1024 * 1024);
  expect(job.usage).toStrictEqual(usage);
  const status = JSON.parse(readFileSync(join(server.runsDir, job.job_id, "status.json"), "utf8"));
  expect(status.usage).toStrictEqual(usage);
});

test("a job that waits or runs has no such account on disk, one that never started none at all", async () => {
  const server = await startServer({ args: ["--concurrency", "1"] });
  const usageOnDisk = async (jobId: string) =>
    JSON.parse((await readStatus(join(server.runsDir, jobId)))?.text ?? "{}").usage;
  const first = await submit(server, "stubborn:sleeps");
  const second = await submit(server, "basic:succeeds");
  await reached(server, first, "running");
  expect([await usageOnDisk(first), await usageOnDisk(second)]).toEqual([null, null]);
  await send(server, `/jobs/${second}/cancel`, {});
  expect(await ended(server, second)).toMatchObject({ failure: { reason: "cancelled" }, usage: null });
  expect(await usageOnDisk(second)).toBeNull();
  await send(server, `/jobs/${first}/cancel`, {});
  expect((await ended(server, first)).usage?.cpu_seconds).toBeGreaterThan(0);
});

test.each(["basic:returns_nothing", "endings:raises"])(
  "the server writes the status of %s as its shim does, member by member",
  async (entrypoint) => {
    const server = await startServer();
    const { job_id } = await run(server, entrypoint);
    const directory = join(server.runsDir, job_id);
    const [request, ending, status] = await Promise.all([
      readRequest(directory),
      readEnding(directory),
      readStatus(directory),
    ]);
    if (request === undefined || ending === undefined) throw new Error("the job has no records");
    expect(compact(statusText(request, ending, ending))).toBe(compact(status?.text ?? ""));
  },
);
