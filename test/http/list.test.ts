import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  ended,
  type Job,
  reached,
  run,
  send,
  sharedServer,
  startServer,
  submit,
  type TestServer,
  temporaryFolder,
} from "../support/server.ts";

interface List {
  jobs: Job[];
  count: number;
  total: number;
}

const list = async (server: TestServer, query = "") => (await send<List>(server, `/jobs${query}`)).body;
const idsOf = ({ jobs }: List) => jobs.map(({ job_id }) => job_id);

/** Runs of the original, made one second after another; the order of their names is another one. */
async function finishedRuns(count: number): Promise<string> {
  const runsDir = await temporaryFolder();
  for (let second = 0; second < count; second++) {
    const job_id = `run-${String((second * 7919) % count).padStart(3, "0")}-${second}`;
    const created_at = new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    const status = {
      job_id,
      status: "completed",
      created_at,
      started_at: created_at,
      completed_at: created_at,
    };
    mkdirSync(join(runsDir, job_id));
    writeFileSync(
      join(runsDir, job_id, "status.json"),
      JSON.stringify({ ...status, error: null, result: null }),
    );
  }
  return runsDir;
}

describe("an empty list", () => {
  const server = sharedServer();

  test.each(["", "?limit=5", "?status_filter=failed"])("GET /jobs%s", async (query) => {
    const { status, headers, body } = await send(server(), `/jobs${query}`);
    expect({ status, type: headers.get("content-type") }).toEqual({ status: 200, type: "application/json" });
    expect(body).toStrictEqual({ jobs: [], count: 0, total: 0, next_cursor: null });
  });
});

test("100 jobs unless asked for more or fewer, newest first; total counts them all", async () => {
  const server = await startServer({ runsDir: await finishedRuns(103) });
  const ages = (found: List) => idsOf(found).map((id) => Number(id.split("-")[2]));
  const newestFirst = Array.from({ length: 103 }, (_, index) => 102 - index);
  for (const [query, count] of [
    ["", 100],
    ["?limit=1", 1],
    ["?limit=0", 0],
    ["?limit=102", 102],
    ["?limit=999999999", 103],
    ["?status_filter=completed", 100],
    ["?limit=7&status_filter=completed", 7],
  ] as const) {
    const found = await list(server, query);
    expect({ query, count: found.count, total: found.total }).toEqual({ query, count, total: 103 });
    expect(ages(found)).toEqual(newestFirst.slice(0, count));
  }
});

test("a filter lists the jobs of one status, in whatever status they are", async () => {
  const folder = await temporaryFolder();
  const server = await startServer({ args: ["--concurrency", "1"] });
  const completed = (await run(server, "basic:succeeds")).job_id;
  const failed = (await run(server, "endings:raises")).job_id;
  const running = await submit(server, "basic:waits_for_file", { path: join(folder, "go") });
  await reached(server, running, "running");
  const pending = [await submit(server, "basic:succeeds"), await submit(server, "basic:succeeds")];
  const newestFirst = [...pending.toReversed(), running, failed, completed];
  expect(idsOf(await list(server))).toEqual(newestFirst);
  for (const [query, ids, total] of [
    ["pending", pending.toReversed(), 2],
    ["running", [running], 1],
    ["completed", [completed], 1],
    ["failed", [failed], 1],
    ["cancelled", [], 0],
    ["pending&limit=1", pending.slice(1), 2],
    ["completed&limit=0", [], 1],
  ] as const) {
    const found = await list(server, `?status_filter=${query}`);
    expect({ query, ids: idsOf(found), count: found.count, total: found.total }).toEqual({
      query,
      ids,
      count: ids.length,
      total,
    });
  }
  writeFileSync(join(folder, "go"), "");
  for (const jobId of [running, ...pending]) await ended(server, jobId);
});

test("a listed job is what GET /jobs/{job_id} shows", async () => {
  const server = await startServer();
  for (const entrypoint of ["basic:succeeds", "endings:raises", "basic:returns_nothing"]) {
    await run(server, entrypoint);
  }
  const found = await list(server);
  expect(found.jobs).toHaveLength(3);
  for (const job of found.jobs) expect((await send(server, `/jobs/${job.job_id}`)).body).toEqual(job);
});
