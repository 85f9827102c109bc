import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { product } from "../../src/product.ts";
import {
  ended,
  type Job,
  reached,
  run,
  send,
  sharedServer,
  startServer,
  submit,
  temporaryFolder,
} from "../support/server.ts";

const server = sharedServer({ env: { MDPS_ENTRYPOINT: undefined } });

const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
const text = expect.any(String);
const number = expect.any(Number);

/** Settings that have no default. */
const notSet = [
  ...["TOKEN", "TOKEN_FILE", "RATE_LIMIT", "ALLOWED_HOSTS", "CORS_ORIGINS", "ALLOW", "ALLOW_ENV"],
  ...["SECRETS_FILE", "SANDBOX_WRITE", "DEFAULT_MEMORY_BYTES", "DEFAULT_CPU_SECONDS", "DEFAULT_OPEN_FILES"],
  ...["DEFAULT_FILE_BYTES", "DEFAULT_PROCESSES", "KEEP_DAYS", "KEEP_RUNS", "KEEP_BYTES", "PRELOAD"],
];

describe("GET /", () => {
  test("describes the server", async () => {
    const { status, headers, body } = await send(server(), "/");
    expect({ status, type: headers.get("content-type") }).toEqual({ status: 200, type: "application/json" });
    expect(body).toStrictEqual({
      name: product.name,
      version: product.version,
      description: product.description,
      endpoints: {
        "POST /jobs": text,
        "GET /jobs": text,
        "GET /jobs/{job_id}": text,
        "GET /jobs/{job_id}/result": text,
        "GET /jobs/{job_id}/files": text,
        "GET /jobs/{job_id}/files/{path}": text,
        "GET /jobs/{job_id}/logs/{log}": text,
        "GET /jobs/{job_id}/events": text,
        "GET /events": text,
        "POST /jobs/{job_id}/cancel": text,
        "DELETE /jobs/{job_id}": text,
        "GET /jobs/{job_id}/pin": text,
        "PUT /jobs/{job_id}/pin": text,
        "DELETE /jobs/{job_id}/pin": text,
        "GET /health": text,
        "GET /docs": text,
        "GET /redoc": text,
      },
      configuration: {
        MDPS_ENTRYPOINT: "Not set",
        QUANT_RUNS_DIR: server().runsDir,
        HOST: "127.0.0.1",
        PORT: 0,
        QUANT_RUNS_PYTHON: expect.stringMatching(/^\//),
        QUANT_RUNS_CONCURRENCY: expect.any(Number),
        QUANT_RUNS_LOG_LEVEL: "info",
        QUANT_RUNS_DURABILITY: "power",
        QUANT_RUNS_DEFAULT_TIMEOUT_SECONDS: "Not set",
        QUANT_RUNS_KEEP_STRAYS: false,
        QUANT_RUNS_WARM: process.env.QUANT_RUNS_TESTS_WARM ?? "on",
        QUANT_RUNS_MAX_QUEUED: 100_000,
        QUANT_RUNS_MAX_BODY_BYTES: 8 * 1024 * 1024,
        QUANT_RUNS_MAX_CONNECTIONS: 4096,
        QUANT_RUNS_MAX_STREAMS: 1000,
        QUANT_RUNS_MIN_FREE_BYTES: 0,
        QUANT_RUNS_SANDBOX: "none",
        QUANT_RUNS_SANDBOX_NETWORK: false,
        ...Object.fromEntries(notSet.map((name) => [`QUANT_RUNS_${name}`, "Not set"])),
      },
    });
  });

  test("names the entrypoint that is set", async () => {
    const other = await startServer({ env: { MDPS_ENTRYPOINT: "basic:succeeds" } });
    const { body } = await send(other, "/");
    expect(body.configuration).toMatchObject({ MDPS_ENTRYPOINT: "basic:succeeds" });
  });
});

test("GET /health counts the jobs that run", async () => {
  const path = join(await temporaryFolder(), "go");
  const health = async () => (await send(server(), "/health")).body;
  const idle = await send(server(), "/health");
  expect({ status: idle.status, type: idle.headers.get("content-type") }).toEqual({
    status: 200,
    type: "application/json",
  });
  expect(idle.body).toStrictEqual({ status: "healthy", timestamp, active_jobs: 0, watcher: "watching" });
  const jobId = await submit(server(), "basic:waits_for_file", { path });
  await reached(server(), jobId, "running");
  expect((await health()).active_jobs).toBe(1);
  writeFileSync(path, "");
  await ended(server(), jobId);
  expect((await health()).active_jobs).toBe(0);
});

describe("POST /jobs", () => {
  test("answers 201 with the job's id, address and file", async () => {
    const { status, headers, body } = await send(server(), "/jobs", {
      entrypoint: "basic:succeeds",
      parameters: {},
    });
    expect({ status, type: headers.get("content-type") }).toEqual({ status: 201, type: "application/json" });
    expect(body).toStrictEqual({
      job_id: expect.stringMatching(/^\d{8}-\d{6}-[0-9a-z]{10}$/),
      status: "pending",
      created_at: timestamp,
      status_file: join(server().runsDir, String(body.job_id), "status.json"),
    });
    expect(headers.get("location")).toBe(`/jobs/${body.job_id}`);
    const stored = JSON.parse(readFileSync(String(body.status_file), "utf8"));
    expect(stored).toMatchObject({ job_id: body.job_id, created_at: body.created_at });
    const digits = String(body.created_at).replaceAll(/\D/g, "");
    expect(body.job_id).toContain(`${digits.slice(0, 8)}-${digits.slice(8, 14)}`);
  });

  test("a job can be seen the moment it is accepted", async () => {
    const submissions = Array.from({ length: 20 }, async () => {
      const { body } = await send<Job>(server(), "/jobs", { entrypoint: "basic:returns_nothing" });
      const [shown, list] = await Promise.all([
        send<Job>(server(), `/jobs/${body.job_id}`),
        send<{ jobs: Job[] }>(server(), "/jobs"),
      ]);
      expect({ status: shown.status, created_at: shown.body.created_at }).toEqual({
        status: 200,
        created_at: body.created_at,
      });
      expect(list.body.jobs.map(({ job_id }) => job_id)).toContain(body.job_id);
      return body.job_id;
    });
    for (const jobId of await Promise.all(submissions)) await ended(server(), jobId);
  });

  test.each([
    ["absent parameters", '{"entrypoint": "basic:succeeds"}'],
    ["null parameters", '{"entrypoint": "basic:succeeds", "parameters": null}'],
    ["empty parameters", '{"entrypoint": "basic:succeeds", "parameters": {}}'],
    ["fields that nobody asked for", '{"entrypoint": "basic:succeeds", "job_id": "../x", "priority": 7}'],
    ["a byte order mark", '\ufeff{"entrypoint": "basic:succeeds"}'],
  ])("%s are as good as {}", async (_what, body) => {
    const accepted = await send<Job>(server(), "/jobs", body);
    const job = await ended(server(), accepted.body.job_id);
    expect(job).toMatchObject({ status: "completed", parameters: {}, result: { result: {} } });
  });

  test.each(["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;charset=UTF-8"])(
    "content type %s is JSON",
    async (type) => {
      const response = await fetch(`${server().url}/jobs`, {
        method: "POST",
        headers: { "content-type": type },
        body: '{"entrypoint": "basic:succeeds"}',
      });
      expect(response.status).toBe(201);
    },
  );

  test("the server's entrypoint runs where a job names none", async () => {
    const other = await startServer({ env: { MDPS_ENTRYPOINT: "basic:succeeds" } });
    for (const [body, entrypoint] of [
      [{}, "basic:succeeds"],
      [{ entrypoint: null }, "basic:succeeds"],
      [{ entrypoint: "basic:returns_nothing" }, "basic:returns_nothing"],
    ] as const) {
      const { body: accepted } = await send<Job>(other, "/jobs", body);
      expect(await ended(other, accepted.job_id)).toMatchObject({ status: "completed", entrypoint });
    }
  });
});

describe("GET /jobs/{job_id}", () => {
  const original = ["job_id", "status", "created_at", "started_at", "completed_at", "error", "result"];
  const fields = [
    ...original,
    "failure",
    "termination",
    "usage",
    "entrypoint",
    "runtime",
    "labels",
    "parameters",
  ].toSorted();

  test("shows a job that waits, runs and has completed", async () => {
    const folder = await temporaryFolder();
    const one = await startServer({ args: ["--concurrency", "1"] });
    const first = await submit(one, "basic:waits_for_file", { path: join(folder, "first") });
    const jobId = await submit(one, "basic:waits_for_file", { path: join(folder, "second") });
    const common = {
      job_id: jobId,
      created_at: timestamp,
      error: null,
      failure: null,
      termination: null,
      entrypoint: "basic:waits_for_file",
      runtime: "python",
      labels: {},
      parameters: { path: join(folder, "second") },
    };
    const pending = await reached(one, jobId, "pending");
    expect(pending).toStrictEqual({
      ...common,
      status: "pending",
      started_at: null,
      completed_at: null,
      usage: null,
      result: null,
    });
    writeFileSync(join(folder, "first"), "");
    await ended(one, first);
    const running = await reached(one, jobId, "running");
    expect(running).toStrictEqual({
      ...common,
      status: "running",
      started_at: timestamp,
      completed_at: null,
      usage: { cpu_seconds: number, memory_bytes: number, peak_memory_bytes: null, processes: 1 },
      progress: null,
      result: null,
    });
    writeFileSync(join(folder, "second"), "");
    expect(await ended(one, jobId)).toStrictEqual({
      ...common,
      created_at: pending.created_at,
      status: "completed",
      started_at: running.started_at,
      completed_at: timestamp,
      usage: { cpu_seconds: number, memory_bytes: null, peak_memory_bytes: number, processes: null },
      result: { result: "found" },
    });
  });

  const succeeded = { status: "completed", error: null, failure: null, termination: null };
  const failed = { status: "failed", termination: null, result: null };

  test.each([
    ["basic:succeeds", { ...succeeded, result: { result: {} } }],
    ["basic:returns_nothing", { ...succeeded, result: null }],
    ["endings:raises", { ...failed, error: "went wrong", failure: expect.any(Object) }],
  ])("shows how %s ended, as its status.json does", async (entrypoint, ending) => {
    const job = await run(server(), entrypoint);
    expect(Object.keys(job).toSorted()).toEqual(fields);
    expect(job).toMatchObject(ending);
    const { text, headers } = await send(server(), `/jobs/${job.job_id}`);
    expect(headers.get("content-type")).toBe("application/json");
    expect(text).toBe(readFileSync(join(server().runsDir, job.job_id, "status.json"), "utf8"));
  });

  test("answers 404 for a job that is none", async () => {
    const { status, body } = await send(server(), "/jobs/20260101-000000-0000000000");
    expect({ status, detail: body.detail }).toEqual({
      status: 404,
      detail: "Job 20260101-000000-0000000000 not found",
    });
  });
});
