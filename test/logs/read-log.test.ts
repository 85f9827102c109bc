import { appendFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { residentBytes } from "../support/processes.ts";
import { ended, type Job, run, send, sharedServer, submit, temporaryFolder } from "../support/server.ts";

const server = sharedServer({ args: ["--concurrency", "1"] });

const logPath = (jobId: string, log = "stdout") => join(server().runsDir, jobId, `${log}.log`);

/** An ended job whose stdout.log is what the test says. */
async function jobWithLog(text: string | Buffer): Promise<string> {
  const { job_id } = await run(server(), "basic:succeeds");
  writeFileSync(logPath(job_id), text);
  return job_id;
}

async function get(path: string, headers: Record<string, string> = {}, method = "GET") {
  const response = await fetch(new URL(path, server().url), { headers, method });
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

test("a log comes as its bytes, whatever they are", async () => {
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7919) % 256));
  const jobId = await jobWithLog(bytes);
  const answer = await get(`/jobs/${jobId}/logs/stdout`);
  expect(answer.bytes.equals(bytes)).toBe(true);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-type": "text/plain; charset=utf-8",
    "content-length": "100000",
    "accept-ranges": "bytes",
    "x-content-type-options": "nosniff",
  });
});

test("HEAD tells the size", async () => {
  const jobId = await jobWithLog("0123456789");
  const answer = await get(`/jobs/${jobId}/logs/stdout`, {}, "HEAD");
  expect(answer).toMatchObject({ status: 200, bytes: Buffer.alloc(0) });
  expect(answer.headers.get("content-length")).toBe("10");
});

test("what a job has written to stderr is the other log", async () => {
  const { job_id } = await run(server(), "basic:prints");
  expect((await get(`/jobs/${job_id}/logs/stdout`)).bytes.toString()).toBe("hello\n");
  expect((await get(`/jobs/${job_id}/logs/stderr`)).bytes.toString()).toBe("oops\n");
});

test.each([
  ["bytes=0-2", "012", "bytes 0-2/10"],
  ["bytes=7-", "789", "bytes 7-9/10"],
  ["bytes=-4", "6789", "bytes 6-9/10"],
  ["bytes=5-99", "56789", "bytes 5-9/10"],
  ["bytes=-99", "0123456789", "bytes 0-9/10"],
])("Range: %s is answered with those bytes", async (range, text, told) => {
  const jobId = await jobWithLog("0123456789");
  const answer = await get(`/jobs/${jobId}/logs/stdout`, { range });
  expect({ status: answer.status, text: answer.bytes.toString() }).toEqual({ status: 206, text });
  expect(answer.headers.get("content-range")).toBe(told);
});

test.each([
  ["beyond the end", "0123456789", "bytes=10-", "bytes */10"],
  ["of an empty log", "", "bytes=0-", "bytes */0"],
])("a range %s gets 416 with the size", async (_what, text, range, told) => {
  const jobId = await jobWithLog(text);
  const answer = await get(`/jobs/${jobId}/logs/stdout`, { range });
  expect(answer.status).toBe(416);
  expect(answer.headers.get("content-range")).toBe(told);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
});

test.each(["lines=1-2", "bytes=x-y", "bytes=-", "bytes=5-4", "bytes=0-1,4-5"])(
  "Range: %s is not answered as a range",
  async (range) => {
    const jobId = await jobWithLog("0123456789");
    const answer = await get(`/jobs/${jobId}/logs/stdout`, { range });
    expect({ status: answer.status, text: answer.bytes.toString() }).toEqual({
      status: 200,
      text: "0123456789",
    });
  },
);

describe("?tail=N is the last lines", () => {
  const long = Array.from({ length: 40_000 }, (_, line) => `line ${line}\n`).join("");
  test.each([
    ["two of three", "a\nb\nc\n", 2, "b\nc\n"],
    ["one without its line end", "a\nb\nc", 1, "c"],
    ["more than there are", "a\nb\n", 9, "a\nb\n"],
    ["none", "a\nb\n", 0, ""],
    ["of an empty log", "", 3, ""],
    ["of nothing but line ends", "\n\n\n", 2, "\n\n"],
    ["of a first line that is empty", "\nb\n", 1, "b\n"],
    ["over many blocks", long, 30_000, long.slice(long.indexOf("line 10000\n"))],
  ])("%s", async (_what, text, lines, expected) => {
    const jobId = await jobWithLog(text);
    const answer = await get(`/jobs/${jobId}/logs/stdout?tail=${lines}`);
    expect(answer.bytes.toString()).toBe(expected);
  });

  test.each(["-1", "x", "1.5", "", "9999999"])("tail=%s gets 422", async (tail) => {
    const jobId = await jobWithLog("a\n");
    const answer = await send(server(), `/jobs/${jobId}/logs/stdout?tail=${tail}`);
    expect(answer.body).toMatchObject({ status: 422, errors: [{ field: "query.tail" }] });
  });
});

test("8 GiB of log are tailed and ranged without being read", async () => {
  const jobId = await jobWithLog("the beginning\n");
  truncateSync(logPath(jobId), 8 * 1024 ** 3);
  appendFileSync(logPath(jobId), "\nlast but one\nlast\n");
  const before = residentBytes(server().pid);
  expect((await get(`/jobs/${jobId}/logs/stdout?tail=2`)).bytes.toString()).toBe("last but one\nlast\n");
  const range = { range: "bytes=0-12" };
  expect((await get(`/jobs/${jobId}/logs/stdout`, range)).bytes.toString()).toBe("the beginning");
  const unlimited = await get(`/jobs/${jobId}/logs/stdout?tail=3`);
  expect(unlimited.bytes).toHaveLength(16 * 1024 * 1024);
  expect(residentBytes(server().pid) - before).toBeLessThan(64 * 1024 * 1024);
});

test("a job that waits has an empty log", async () => {
  const path = join(await temporaryFolder(), "go");
  const first = await submit(server(), "basic:waits_for_file", { path });
  const second = await submit(server(), "basic:succeeds");
  expect(await get(`/jobs/${second}/logs/stdout`)).toMatchObject({ status: 200, bytes: Buffer.alloc(0) });
  writeFileSync(path, "");
  for (const jobId of [first, second]) expect((await ended(server(), jobId)).status).toBe("completed");
});

test.each([
  ["is not there", () => undefined],
  ["is a link", (path: string) => symlinkSync("/etc/passwd", path)],
])("a log that %s gets 404", async (_what, plant) => {
  const jobId = await jobWithLog("");
  rmSync(logPath(jobId));
  plant(logPath(jobId));
  const answer = await send<Job>(server(), `/jobs/${jobId}/logs/stdout`);
  expect(answer.body).toMatchObject({ status: 404, detail: expect.stringContaining(jobId) });
});

test.each(["logs", "logs/", "logs/stdin", "logs/stdout.log", "logs/..%2fjob.json", "logs/%00"])(
  "%s of a job gets 404",
  async (address) => {
    const jobId = await jobWithLog("");
    expect((await send(server(), `/jobs/${jobId}/${address}`)).body).toMatchObject({ status: 404 });
  },
);

test("a log of no job gets 404", async () => {
  expect((await send(server(), "/jobs/nobody/logs/stdout")).body).toMatchObject({ status: 404 });
});
