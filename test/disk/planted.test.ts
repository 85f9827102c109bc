import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { launcherOf, templateOf } from "../support/processes.ts";
import {
  ended,
  type Job,
  run,
  send,
  startServer,
  submit,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

const spoilt: [string, (path: string) => void][] = [
  ["empty", (path) => writeFileSync(path, "")],
  ["truncated", (path) => writeFileSync(path, '{\n"job_id": "2026')],
  ["binary", (path) => writeFileSync(path, Buffer.from([0, 1, 2, 255, 254]))],
  ["deeply nested", (path) => writeFileSync(path, "[".repeat(200_000))],
  ["of another shape", (path) => writeFileSync(path, '{"status": ["completed"]}')],
  ["a FIFO", (path) => execFileSync("mkfifo", [path])],
  ["a directory", (path) => mkdirSync(path)],
  ["a link to a device", (path) => symlinkSync("/dev/zero", path)],
  ["gone", () => undefined],
];

const unreadable = spoilt.filter(([what]) => ["a FIFO", "a directory", "a link to a device"].includes(what));

test.each(spoilt)("a status.json that is %s is made up for from the other records", async (_what, spoil) => {
  const server = await startServer();
  const kept = await run(server, "basic:succeeds");
  const job = await run(server, "endings:raises");
  await server.stop();
  const path = join(server.runsDir, job.job_id, "status.json");
  rmSync(path);
  spoil(path);
  const next = await startServer({ runsDir: server.runsDir });
  const { status, error, failure, parameters, started_at } = job;
  const shown = (await send<Job>(next, `/jobs/${job.job_id}`)).body;
  expect(shown).toMatchObject({ status, error, failure, parameters, started_at });
  expect((await send<Job>(next, `/jobs/${kept.job_id}`)).body).toEqual(kept);
  expect((await run(next, "basic:succeeds")).status).toBe("completed");
});

test("a link in place of a run directory is left alone", async () => {
  const server = await startServer();
  const job = await run(server, "basic:succeeds");
  await server.stop();
  const elsewhere = join(await temporaryFolder(), "elsewhere");
  execFileSync("mv", [join(server.runsDir, job.job_id), elsewhere]);
  symlinkSync(elsewhere, join(server.runsDir, job.job_id));
  const next = await startServer({ runsDir: server.runsDir });
  expect((await send(next, `/jobs/${job.job_id}`)).status).toBe(404);
});

test.each(["stdout.log", "stderr.log"])(
  "a link in place of %s is not written through: the job fails and says so",
  async (log) => {
    const server = await startServer({ args: ["--concurrency", "1"] });
    const precious = join(await temporaryFolder(), "precious");
    writeFileSync(precious, "untouched");
    const path = join(await temporaryFolder(), "go");
    const first = await submit(server, "basic:waits_for_file", { path });
    const jobId = await submit(server, "basic:prints");
    symlinkSync(precious, join(server.runsDir, jobId, log));
    writeFileSync(path, "");
    await ended(server, first);
    const job = await ended(server, jobId);
    expect(job).toMatchObject({ status: "failed", started_at: null, failure: { reason: "crashed" } });
    expect(job.error).toContain("ELOOP");
    expect(readFileSync(precious, "utf8")).toBe("untouched");
  },
);

test("FIFOs in place of logs hold nothing up", async () => {
  const server = await startServer({ args: ["--concurrency", "1"] });
  const path = join(await temporaryFolder(), "go");
  const first = await submit(server, "basic:waits_for_file", { path });
  const planted = [];
  for (let count = 0; count < 5; count++) planted.push(await submit(server, "basic:prints"));
  for (const jobId of planted) execFileSync("mkfifo", [join(server.runsDir, jobId, "stdout.log")]);
  writeFileSync(path, "");
  await ended(server, first);
  for (const jobId of planted) expect((await ended(server, jobId)).status).toBe("failed");
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
});

describe.each(["on", "off"])("with QUANT_RUNS_WARM=%s", (warm) => {
  test.each(unreadable)("a job.json that is %s fails its job and holds nothing up", async (_what, spoil) => {
    const server = await startServer({ args: ["--concurrency", "1"], env: { QUANT_RUNS_WARM: warm } });
    const path = join(await temporaryFolder(), "go");
    const first = await submit(server, "basic:waits_for_file", { path });
    const planted = await submit(server, "basic:succeeds");
    await waitFor(() => expect(launcherOf(server.pid) ?? templateOf(server.pid)).toBeDefined());
    rmSync(join(server.runsDir, planted, "job.json"));
    spoil(join(server.runsDir, planted, "job.json"));
    writeFileSync(path, "");
    await ended(server, first);
    expect((await ended(server, planted)).status).toBe("failed");
    expect((await run(server, "basic:succeeds")).status).toBe("completed");
    await server.stop();
    expect((await server.ended).stderr).toBe("");
  });
});

test("a waiting job whose run directory is removed is forgotten, and the next one runs", async () => {
  const server = await startServer({ args: ["--concurrency", "1"] });
  const path = join(await temporaryFolder(), "go");
  const first = await submit(server, "basic:waits_for_file", { path });
  const jobId = await submit(server, "basic:succeeds");
  const last = await submit(server, "basic:succeeds");
  rmSync(join(server.runsDir, jobId), { recursive: true });
  writeFileSync(path, "");
  await ended(server, first);
  expect((await ended(server, last)).status).toBe("completed");
  await waitFor(async () => expect((await send(server, `/jobs/${jobId}`)).status).toBe(404));
});

test("an ended job whose run directory is removed is not found", async () => {
  const server = await startServer();
  const job = await run(server, "basic:succeeds");
  rmSync(join(server.runsDir, job.job_id), { recursive: true });
  expect((await send(server, `/jobs/${job.job_id}`)).status).toBe(404);
  expect((await send(server, "/jobs")).body.total).toBe(0);
});
