import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync, symlinkSync, truncateSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { descriptorsOf } from "../support/processes.ts";
import { run, send, sharedServer, submit, temporaryFolder, waitFor } from "../support/server.ts";
import { exchangeOne, requestText } from "./raw.ts";

const server = sharedServer();

interface FileList {
  readonly files: readonly {
    path: string;
    bytes: number;
    media_type: string;
    modified: string;
    url: string;
  }[];
  readonly count: number;
}

async function jobThatLeaves(files: Record<string, string>): Promise<string> {
  return (await run(server(), "artifacts:leaves", { files })).job_id;
}

const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  fetch(new URL(path, server().url), { headers, method });

test("what a job left is listed with size, media type, time and address, and fetched there", async () => {
  const files = {
    "equity.csv": "a,b\n1,2\n",
    "plots/by day/ä #1.png": "no picture",
    "report.html": "<p>fine</p>",
    "plots/stdout.log": "the callable's own",
    unknown: "?",
  };
  const jobId = await jobThatLeaves(files);
  const list = (await send<FileList>(server(), `/jobs/${jobId}/files`)).body;
  expect(list.files.map(({ path }) => path)).toEqual(Object.keys(files).toSorted());
  for (const file of list.files) {
    const answer = await get(file.url);
    expect({ status: answer.status, type: answer.headers.get("content-type") }).toEqual({
      status: 200,
      type: file.media_type,
    });
    expect(await answer.text()).toBe(files[file.path as keyof typeof files]);
    expect(new Date(file.modified).getTime()).toBeGreaterThan(Date.now() - 3_600_000);
  }
  expect(list.count).toBe(list.files.length);
});

test("the list is by path, and holds no record of the job", async () => {
  const jobId = await jobThatLeaves({ "b.json": "{}", "a/c.txt": "x", "a/job.json": "own", z: "" });
  const list = (await send<FileList>(server(), `/jobs/${jobId}/files`)).body;
  expect(list.files.map(({ path, bytes, media_type }) => [path, bytes, media_type])).toEqual([
    ["a/c.txt", 1, "text/plain; charset=utf-8"],
    ["a/job.json", 3, "application/json"],
    ["b.json", 2, "application/json"],
    ["z", 0, "application/octet-stream"],
  ]);
});

test("links are not followed, FIFOs hold nothing up, hidden files and records are not files of the job", async () => {
  const { job_id } = await run(server(), "artifacts:plants");
  const list = (await send<FileList>(server(), `/jobs/${job_id}/files`)).body;
  expect(list.files.map(({ path }) => path)).toEqual(["kept.txt"]);
  const paths = [
    "link",
    "folder/passwd",
    "record",
    "fifo",
    ".hidden",
    "job.json",
    "status.json",
    "stdout.log",
  ];
  for (const path of [...paths, "alive", "claim", "exit.json", "folder", "nothing"]) {
    const answer = await send(server(), `/jobs/${job_id}/files/${path}`);
    expect({ path, status: answer.status }).toEqual({ path, status: 404 });
  }
});

test.each([
  "../job.json",
  "..%2fjob.json",
  "%2e%2e/%2e%2e/etc/passwd",
  "a/../../job.json",
  "a/../kept.txt",
  "./kept.txt",
  "//etc/passwd",
  "%2fetc%2fpasswd",
  "kept.txt%00",
  "a//b",
  "..\\job.json",
  "%ff",
])("the path %s leads nowhere", async (path) => {
  const { job_id } = await run(server(), "artifacts:leaves", { files: { "kept.txt": "kept", "a/b": "b" } });
  const answer = await exchangeOne(server(), requestText(`GET /jobs/${job_id}/files/${path}`));
  expect([400, 404]).toContain(answer.status);
});

test("a folder that is swapped for a link leads nowhere", async () => {
  const jobId = await jobThatLeaves({ "a/passwd": "own" });
  const folder = join(server().runsDir, jobId, "a");
  rmSync(folder, { recursive: true });
  symlinkSync("/etc", folder);
  expect((await get(`/jobs/${jobId}/files/a/passwd`)).status).toBe(404);
});

test("a link in place of the run directory leads nowhere", async () => {
  const jobId = await jobThatLeaves({ passwd: "own" });
  const directory = join(server().runsDir, jobId);
  rmSync(directory, { recursive: true });
  symlinkSync("/etc", directory);
  expect((await get(`/jobs/${jobId}/files/passwd`)).status).toBe(404);
  expect((await send<FileList>(server(), `/jobs/${jobId}/files`)).body.count).toBe(0);
  rmSync(directory);
});

test("a path too long for any file gets 404, and a file of any date is listed", async () => {
  const jobId = await jobThatLeaves({ old: "x", late: "y" });
  expect((await get(`/jobs/${jobId}/files/${"a".repeat(300)}`)).status).toBe(404);
  utimesSync(join(server().runsDir, jobId, "old"), new Date(-1500), new Date(-1500));
  utimesSync(join(server().runsDir, jobId, "late"), 9e12, 9e12);
  const list = (await send<FileList>(server(), `/jobs/${jobId}/files`)).body;
  expect(list.files[1]?.modified).toBe("1969-12-31T23:59:58.500000+00:00");
  expect(list.count).toBe(2);
});

test("a file that becomes shorter while it is sent breaks the connection", async () => {
  const jobId = await jobThatLeaves({ big: "" });
  const path = join(server().runsDir, jobId, "big");
  truncateSync(path, 512 * 1024 * 1024);
  const answer = await get(`/jobs/${jobId}/files/big`);
  truncateSync(path, 1024);
  await expect(answer.arrayBuffer()).rejects.toThrow();
});

test("ranges, conditions and HEAD are as HTTP has them", async () => {
  const jobId = await jobThatLeaves({ "data.csv": "0123456789" });
  const path = `/jobs/${jobId}/files/data.csv`;
  const whole = await get(path);
  const etag = whole.headers.get("etag") ?? "";
  expect(await whole.text()).toBe("0123456789");
  expect((await get(path, { "if-none-match": `"other", W/${etag}` })).status).toBe(304);
  const part = await get(path, { range: "bytes=2-4", "if-range": etag });
  expect({ status: part.status, text: await part.text() }).toEqual({ status: 206, text: "234" });
  expect((await get(path, { range: "bytes=10-" })).status).toBe(416);
  const head = await get(path, {}, "HEAD");
  expect({ length: head.headers.get("content-length"), text: await head.text() }).toEqual({
    length: "10",
    text: "",
  });
  appendFileSync(join(server().runsDir, jobId, "data.csv"), "more");
  expect((await get(path, { "if-none-match": etag })).status).toBe(200);
  const changed = await get(path, { range: "bytes=2-4", "if-range": etag });
  expect({ status: changed.status, text: await changed.text() }).toEqual({
    status: 200,
    text: "0123456789more",
  });
  const isOpen = () => descriptorsOf(server().pid).filter((name) => name.endsWith("data.csv"));
  await waitFor(() => expect(isOpen()).toEqual([]));
});

test.each(["page.html", "picture.svg", "page.xhtml", "script.js"])("%s runs no script", async (name) => {
  const jobId = await jobThatLeaves({ [name]: "<script>alert(1)</script>" });
  const { headers } = await get(`/jobs/${jobId}/files/${name}`);
  expect(headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
});

test("the files of a job that runs are there already", async () => {
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server(), "logs:writes_and_waits", { text: "x", path });
  await waitFor(() => execFileSync("grep", ["x", join(server().runsDir, jobId, "stdout.log")]));
  expect((await send<FileList>(server(), `/jobs/${jobId}/files`)).body).toEqual({ files: [], count: 0 });
  await send(server(), `/jobs/${jobId}/cancel`, {});
});
