import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { processesOf } from "../support/processes.ts";
import {
  ended,
  type Job,
  reached,
  run,
  send,
  startServer,
  submit,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

/** One slot, so that a job that kept it would stop all that follow. */
const oneSlot = { args: ["--concurrency", "1"] };

function endAfterTest(pid: unknown): void {
  onTestFinished(() => {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      return; // gone by itself
    }
  });
}

test.each([
  ["writes binary to stdout", "writes_binary", {}, "done"],
  ["writes one line of 1 MB", "writes_one_endless_line", { length: 1_000_000 }, 1_000_000],
  ["closes stdout and stderr", "closes_stdout", {}, "silent"],
  ["closes descriptor 1", "closes_descriptor_1", {}, "closed"],
  ["changes its directory", "changes_directory", {}, "/"],
  ["leaves a thread behind", "leaves_thread", {}, "returned"],
  ["deletes its run directory", "deletes_run_directory", {}, "still here"],
  ["writes over its records", "writes_over_status", {}, null],
  ["deletes all its records", "deletes_records_and_returns", {}, "kept"],
  ["writes to every descriptor it has", "writes_to_every_descriptor", {}, "answered"],
  ["puts folders where its records belong", "puts_folders_where_records_belong", {}, "planted"],
])("a callable that %s completes, and the next one runs", async (_what, name, parameters, value) => {
  const server = await startServer(oneSlot);
  const job = await run(server, `hostile:${name}`, parameters);
  expect(job).toMatchObject({ status: "completed", error: null, failure: null });
  expect(job.result).toEqual(value === null ? null : { result: value });
  expect((await run(server, "basic:succeeds", { next: true })).result).toEqual({ result: { next: true } });
});

test.each([
  '{"kind": "x", "exit_code": 1}',
  '{"kind": "exception", "exit_code": 1, "error": {}}',
  '{"kind": "returned", "exit_code": "0"}',
  '{"kind": "returned", "exit_code": true}',
  '{"kind": "returned", "exit_code": 0, "result_bytes": "7"}',
  "[1]",
  "null",
  '{"kind" "returned"}',
  "{,",
])("a callable that tells its shim %s has told it nothing", async (answer) => {
  const server = await startServer(oneSlot);
  const job = await run(server, "hostile:forges_answers", { answers: [answer] });
  expect(job).toMatchObject({ status: "completed", result: { result: "answered" } });
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
});

test("a callable that forges the size of its result spoils no record", async () => {
  const server = await startServer(oneSlot);
  const answers = ['{"kind": "returned", "exit_code": 0, "result_bytes": 3}'];
  const { job_id } = await run(server, "hostile:forges_answers", { answers });
  const record = JSON.parse(readFileSync(join(server.runsDir, job_id, "status.json"), "utf8"));
  expect(record.status).toBe("completed");
  expect([null, { result: "answered" }]).toContainEqual(record.result); // whichever of the two came last
});

test("300 MB of output go to the log, and not through the server", async () => {
  const server = await startServer(oneSlot);
  const before = residentBytes(server.pid);
  const job = await run(server, "hostile:floods_output", { megabytes: 300 });
  expect(job.status).toBe("completed");
  expect(statSync(join(server.runsDir, job.job_id, "stdout.log")).size).toBe(300 * 1024 * 1024);
  expect(residentBytes(server.pid) - before).toBeLessThan(64 * 1024 * 1024);
});

function residentBytes(pid: number): number {
  const kibibytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes) * 1024;
}

test.each(["leaves_grandchild", "forks_and_lingers"])(
  "a job that %s ends when its callable has",
  async (name) => {
    const server = await startServer(oneSlot);
    const job = await run(server, `hostile:${name}`);
    endAfterTest(job.result?.result);
    expect(job.status).toBe("completed");
    expect((await run(server, "basic:succeeds")).status).toBe("completed");
  },
);

test("a job that forges its end runs on, and its true end is told", async () => {
  const server = await startServer(oneSlot);
  const path = join(await temporaryFolder(), "end");
  const jobId = await submit(server, "hostile:claims_to_have_completed", { path });
  const log = join(server.runsDir, jobId, "stdout.log");
  await waitFor(() => expect(readFileSync(log, "utf8")).toContain("forged"));
  const forged = await send<Job>(server, `/jobs/${jobId}`);
  expect(forged.body).toMatchObject({ status: "running", completed_at: null, parameters: { path } });
  await server.kill();
  const next = await startServer({ ...oneSlot, runsDir: server.runsDir });
  expect((await send<Job>(next, `/jobs/${jobId}`)).body.status).toBe("running");
  writeFileSync(path, "");
  const job = await ended(next, jobId);
  expect(job).toMatchObject({ status: "failed", error: "the truth", failure: { reason: "exception" } });
});

test("a job without its run directory is still running, and comes back with its answer", async () => {
  const server = await startServer(oneSlot);
  const folder = await temporaryFolder();
  const files = { delete: join(folder, "delete"), end: join(folder, "end") };
  const jobId = await submit(server, "hostile:deletes_run_directory_when_told", files);
  await reached(server, jobId, "running");
  writeFileSync(files.delete, "");
  await waitFor(() => expect(existsSync(join(server.runsDir, jobId))).toBe(false));
  expect((await send<Job>(server, `/jobs/${jobId}`)).body.status).toBe("running");
  writeFileSync(files.end, "");
  const job = await ended(server, jobId);
  expect(job).toMatchObject({ status: "completed", result: { result: "still here" }, parameters: files });
});

test("a job that deletes its run directory and dies says how it died", async () => {
  const server = await startServer(oneSlot);
  const job = await run(server, "hostile:deletes_run_directory_and_dies");
  expect(job).toMatchObject({ status: "failed", failure: { reason: "crashed", signal: "SIGABRT" } });
});

test("links planted in the run directory are replaced, never written through", async () => {
  const server = await startServer(oneSlot);
  const target = join(await temporaryFolder(), "precious");
  writeFileSync(target, "untouched");
  const job = await run(server, "hostile:makes_run_directory_read_only_links", { target });
  expect(job).toMatchObject({ status: "completed", result: { result: "planted" } });
  expect(readFileSync(target, "utf8")).toBe("untouched");
});

test.each([
  ["kills_own_group", "SIGKILL"],
  ["kills_group_of_parent", "SIGTERM"],
])("a job that %s does not reach its shim", async (name, signal) => {
  const server = await startServer(oneSlot);
  const job = await run(server, `hostile:${name}`);
  expect(job).toMatchObject({ status: "failed", failure: { reason: "crashed", signal, exit_code: null } });
  expect(job.error).toMatch(new RegExp(`^Killed by ${signal} after \\d+\\.\\d s$`));
});

test("a callable that closes every descriptor still answers, and its own files are its own", async () => {
  const server = await startServer(oneSlot);
  const folder = await temporaryFolder();
  const job = await run(server, "hostile:closes_every_descriptor", { folder });
  expect(job).toMatchObject({ status: "completed", result: { result: "answered" } });
  for (let number = 0; number < 12; number++) {
    expect(readFileSync(join(folder, String(number)), "utf8")).toBe("mine");
  }
});

test("a callable that can tell nobody of its return has failed, and its process is gone", async () => {
  const server = await startServer(oneSlot);
  const { job_id, status, failure } = await run(server, "hostile:cannot_answer");
  expect({ status, reason: failure?.reason }).toEqual({ status: "failed", reason: "crashed" });
  expect(processesOf(server.runsDir, job_id)).toEqual([]);
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
});

test("a job that has deleted its claim runs on under the next server, and not twice", async () => {
  const server = await startServer(oneSlot);
  const path = join(await temporaryFolder(), "end");
  const jobId = await submit(server, "hostile:deletes_claim_and_waits", { path });
  const log = join(server.runsDir, jobId, "stdout.log");
  await waitFor(() => expect(readFileSync(log, "utf8")).toBe("deleted\n"));
  await server.kill();
  const next = await startServer({
    args: [...oneSlot.args, "--log-level", "debug"],
    runsDir: server.runsDir,
  });
  // Each look after the first is one by which the server would start it, did it take it for unclaimed.
  await waitFor(() =>
    expect(next.log.filter((line) => line.includes("observed: claiming")).length).toBeGreaterThan(2),
  );
  expect(next.log.join("\n")).not.toContain("shim started");
  writeFileSync(path, "");
  expect(await ended(next, jobId)).toMatchObject({ status: "completed", result: { result: "once" } });
  expect(readFileSync(log, "utf8")).toBe("deleted\n");
});

test("a job that forges its end and kills its shim is lost, also for the next server", async () => {
  const server = await startServer(oneSlot);
  const job = await run(server, "hostile:forges_and_kills_shim");
  expect(job).toMatchObject({ status: "failed", failure: { reason: "lost" } });
  await server.stop();
  const next = await startServer({ ...oneSlot, runsDir: server.runsDir });
  expect((await send<Job>(next, `/jobs/${job.job_id}`)).body).toEqual(job);
});

test("a job that forges a claim of the server's runs on, and its true end is told", async () => {
  const server = await startServer();
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server, "hostile:forges_server_claim", { path });
  await waitFor(() =>
    expect(readFileSync(join(server.runsDir, jobId, "stdout.log"), "utf8")).toContain("done"),
  );
  await server.kill();
  const next = await startServer({ runsDir: server.runsDir });
  expect((await send<Job>(next, `/jobs/${jobId}`)).body.status).not.toBe("completed");
  writeFileSync(path, "");
  expect(await ended(next, jobId)).toMatchObject({ status: "failed", error: "the true end" });
});

test("a job that has deleted its claim and its FIFO is not run again by the next server", async () => {
  const server = await startServer();
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server, "hostile:deletes_claim_and_fifo", { path });
  const log = join(server.runsDir, jobId, "stdout.log");
  await waitFor(() => expect(readFileSync(log, "utf8")).toContain("done"));
  await server.kill();
  const next = await startServer({ runsDir: server.runsDir });
  expect((await ended(next, jobId)).failure?.reason).toBe("lost");
  writeFileSync(path, "");
  expect(readFileSync(log, "utf8")).toBe("done\n");
});
