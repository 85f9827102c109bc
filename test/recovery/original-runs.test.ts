import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Job, run, send, startServer, temporaryFolder } from "../support/server.ts";

const completed = {
  job_id: "5f0c3b52-8a0e-4b1c-9d7e-2f6a1b3c4d5e",
  status: "completed",
  created_at: "2025-03-01T09:30:00.123456",
  started_at: "2025-03-01T09:30:00.223456",
  completed_at: "2025-03-01T09:31:00.5",
  error: null,
  result: { result: { pnl: 1.0, orders: [1, 2] } },
};

const running = {
  ...completed,
  job_id: "0b2d9a4e-1111-4222-8333-444455556666",
  status: "running",
  created_at: "2025-03-02T09:30:00",
  completed_at: null,
  result: null,
};

async function runsDirWith(runs: Record<string, string>): Promise<string> {
  const runsDir = await temporaryFolder();
  for (const [name, text] of Object.entries(runs)) {
    await mkdir(join(runsDir, name));
    await writeFile(join(runsDir, name, "status.json"), text);
  }
  return runsDir;
}

test("a run of the original is shown and listed as it was", async () => {
  const runsDir = await runsDirWith({ [completed.job_id]: JSON.stringify(completed) });
  const server = await startServer({ runsDir });
  const shown = await send(server, `/jobs/${completed.job_id}`);
  expect(shown.body).toEqual(completed);
  expect(shown.text).toContain('"pnl":1');
  expect((await send(server, "/jobs")).body).toEqual({
    jobs: [completed],
    count: 1,
    total: 1,
    next_cursor: null,
  });
});

test("one that says running belonged to a server that is gone: it is lost", async () => {
  const runsDir = await runsDirWith({ [running.job_id]: JSON.stringify(running) });
  const server = await startServer({ runsDir });
  const job = (await send<Job>(server, `/jobs/${running.job_id}`)).body;
  expect(job).toMatchObject({
    ...running,
    status: "failed",
    completed_at: expect.any(String),
    error: expect.stringContaining("gone"),
  });
  expect(job.failure?.reason).toBe("lost");
  const onDisk = JSON.parse(await readFile(join(runsDir, running.job_id, "status.json"), "utf8"));
  expect(onDisk).toEqual(job);
});

test("a result with NaN, which the original wrote bare, is read as null", async () => {
  const text = JSON.stringify(completed)
    .replace("1,", "NaN,")
    .replace('"orders"', '"NaN in a text, -Infinity"');
  const runsDir = await runsDirWith({ [completed.job_id]: text });
  const server = await startServer({ runsDir });
  const job = (await send<Job>(server, `/jobs/${completed.job_id}`)).body;
  expect(job.result).toEqual({ result: { pnl: null, "NaN in a text, -Infinity": [1, 2] } });
});

test("corrupt runs and stray files are skipped with a warning and break nothing", async () => {
  const runsDir = await runsDirWith({
    [completed.job_id]: JSON.stringify(completed),
    "11111111-aaaa-4bbb-8ccc-000000000001": "",
    "11111111-aaaa-4bbb-8ccc-000000000002": '{"job_id": "11111111',
    "11111111-aaaa-4bbb-8ccc-000000000003": "[1, 2, 3]",
    "11111111-aaaa-4bbb-8ccc-000000000004": "\u0000\u0001\u0002",
    "11111111-aaaa-4bbb-8ccc-000000000005":
      '{"job_id": "of another", "status": "completed", "created_at": "2025"}',
    "11111111-aaaa-4bbb-8ccc-000000000006":
      '{"job_id": "11111111-aaaa-4bbb-8ccc-000000000006", "status": "odd"}',
    "not a job": "{}",
  });
  await mkdir(join(runsDir, "11111111-aaaa-4bbb-8ccc-000000000007"));
  await mkdir(join(runsDir, "11111111-aaaa-4bbb-8ccc-000000000008", "status.json"), { recursive: true });
  await writeFile(join(runsDir, "notes.txt"), "stray");
  const server = await startServer({ runsDir });
  expect((await send(server, "/jobs")).body).toMatchObject({ count: 1, total: 1 });
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
  const warnings = server.log.map((line) => JSON.parse(line)).filter((line) => line.level === "warn");
  for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) {
    expect(
      warnings.filter((line) => line.job_id === `11111111-aaaa-4bbb-8ccc-00000000000${number}`),
    ).toHaveLength(1);
  }
  expect(warnings.filter((line) => /notes\.txt|not a job/.test(line.msg))).toHaveLength(2);
});

test("runs of the original stand in the list at their time", async () => {
  const older = {
    ...completed,
    job_id: "aaaaaaaa-0000-4000-8000-000000000000",
    created_at: "2024-01-01T00:00:00",
  };
  const runsDir = await runsDirWith({
    [completed.job_id]: JSON.stringify(completed),
    [older.job_id]: JSON.stringify(older),
  });
  const server = await startServer({ runsDir });
  const newest = await run(server, "basic:succeeds");
  const list = await send<{ jobs: Job[] }>(server, "/jobs?status_filter=completed&limit=3");
  expect(list.body.jobs.map((job) => job.job_id)).toEqual([newest.job_id, completed.job_id, older.job_id]);
});
