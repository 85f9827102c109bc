import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Events } from "../../src/events.ts";
import type { Job } from "../../src/jobs/job.ts";
import { cacheFile, fileOf, lockFile, runDirectory } from "../../src/runs/run-directory.ts";
import { findCachedJobs } from "../../src/supervisor/ended-jobs.ts";
import { EndedReaders } from "../../src/supervisor/ended-readers.ts";
import { createSupervisor } from "../../src/supervisor/supervisor.ts";
import { cachedRunsIn, cachedText } from "../../src/tracking/cached-runs.ts";
import { writeCache } from "../../src/tracking/index-cache.ts";
import { JobIndex } from "../../src/tracking/job-index.ts";
import { emptyConfig, nothingToStart } from "../http/empty-app.ts";
import { childrenNamed, isAlive } from "../support/processes.ts";
import { send, startServer, temporaryFolder, waitFor } from "../support/server.ts";
import { jobsIn } from "../tracking/jobs-in.ts";
import { end, plantAll, plantEnded, replace } from "./planted-runs.ts";

// A record that has just changed is not believed to show a change right behind it: to these tests it is later.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 }));
afterEach(() => void vi.useRealTimers());

/** What a start makes of a runs directory: its jobs, and what it complains of. */
interface Loaded {
  readonly index: JobIndex;
  readonly jobs: readonly Job[];
  readonly troubles: readonly string[];
}

async function load(runsDir: string, readers?: EndedReaders): Promise<Loaded> {
  const events = new Events();
  const index = new JobIndex(events);
  const troubles: string[] = [];
  events.on("trouble", (what, { job_id }) => troubles.push(`${what} ${job_id}`));
  await createSupervisor({ config: emptyConfig(runsDir), index, events, ...nothingToStart }).load(readers);
  return { index, jobs: jobsIn(index), troubles: troubles.toSorted() };
}

async function expectSameWithoutCache(runsDir: string): Promise<Loaded> {
  const { index, ...loaded } = await load(runsDir);
  rmSync(join(runsDir, cacheFile), { recursive: true, force: true });
  const { jobs, troubles } = await load(runsDir);
  expect(loaded).toEqual({ jobs, troubles });
  return { index, ...loaded };
}

/** How many jobs are believed to the cache. */
function countCached(runsDir: string, jobIds: readonly string[]): number {
  return findCachedJobs({ config: emptyConfig(runsDir), index: new JobIndex(new Events()) }, jobIds);
}

/** A runs directory of every kind of run, and its cache. */
async function cachedFolder(count = 130): Promise<{ runsDir: string; jobIds: string[]; path: string }> {
  const runsDir = await temporaryFolder();
  const jobIds = plantAll(runsDir, count);
  await writeCache((await load(runsDir)).index, runsDir);
  return { runsDir, jobIds, path: join(runsDir, cacheFile) };
}

test("with a cache a start finds what it finds without, and reads no ended job again", async () => {
  const { runsDir, jobIds } = await cachedFolder();
  expect(countCached(runsDir, jobIds)).toBe(50);
  const { jobs } = await expectSameWithoutCache(runsDir);
  expect(jobs.filter(({ state }) => "completed_at" in state)).toHaveLength(50);
  expect(countCached(runsDir, jobIds)).toBe(0);
});

const pathOf = (runsDir: string, jobId: string, name: "job" | "status" | "exit") =>
  fileOf(runDirectory(runsDir, jobId), name);

/** Changes text in place: the file stays the same one, and so does the time of its directory. */
function edit(path: string, pattern: RegExp, text: string): void {
  writeFileSync(path, readFileSync(path, "utf8").replace(pattern, text));
}

const ended = "run-0-0";
const changes: [string, (runsDir: string) => void][] = [
  ["whose status was edited", (runsDir) => edit(pathOf(runsDir, ended, "status"), /"failed"/, '"running"')],
  [
    "whose labels were edited",
    (runsDir) => edit(pathOf(runsDir, ended, "job"), /"labels": {}/, '"labels": {"a":"b"}'),
  ],
  [
    "whose exit record was edited",
    (runsDir) => edit(pathOf(runsDir, ended, "exit"), /"failed"/, '"stopped"'),
  ],
  ["whose exit record is gone", (runsDir) => rmSync(pathOf(runsDir, ended, "exit"))],
  ["whose request is gone", (runsDir) => rmSync(pathOf(runsDir, ended, "job"))],
  ["that has another ending now", (runsDir) => end(runsDir, ended, 20, "completed")],
  ["that was removed", (runsDir) => rmSync(runDirectory(runsDir, ended), { recursive: true })],
  [
    "that was removed and came back as another",
    (runsDir) => {
      rmSync(runDirectory(runsDir, ended), { recursive: true });
      plantEnded(runsDir, ended, 33);
    },
  ],
  [
    "in whose place another one was put",
    (runsDir) => {
      rmSync(runDirectory(runsDir, ended), { recursive: true });
      renameSync(runDirectory(runsDir, "run-7-1"), runDirectory(runsDir, ended));
    },
  ],
  [
    "in whose place a link stands",
    (runsDir) => {
      renameSync(runDirectory(runsDir, ended), join(runsDir, ".elsewhere"));
      symlinkSync(join(runsDir, ".elsewhere"), runDirectory(runsDir, ended));
    },
  ],
  ["beside which a new one has ended", (runsDir) => plantEnded(runsDir, "run-new", 40)],
  ["beside which a waiting one has ended", (runsDir) => end(runsDir, "run-21-3", 3)],
];

test.each(changes)("a job %s is what its records say, whatever the cache says", async (_what, change) => {
  const { runsDir } = await cachedFolder(26);
  change(runsDir);
  await expectSameWithoutCache(runsDir);
});

/** Changes every second run or so, each in another way. */
function changeSome(runsDir: string, jobId: string, number: number): void {
  const has = (name: "job" | "status" | "exit") => existsSync(pathOf(runsDir, jobId, name));
  const directory = runDirectory(runsDir, jobId);
  const kind = number % 11;
  if (kind === 1 && statSync(directory).isDirectory()) rmSync(directory, { recursive: true });
  if (kind === 3 && has("exit")) end(runsDir, jobId, number + 50, "failed");
  if (kind === 5 && has("status"))
    edit(pathOf(runsDir, jobId, "status"), /completed|failed|running/, "pending");
  if (kind === 7 && has("job")) {
    const path = pathOf(runsDir, jobId, "job");
    replace(path, readFileSync(path, "utf8").replace("d1", "d9"));
  }
}

test("changes of many kinds at once leave no wrong answer", async () => {
  const { runsDir, jobIds } = await cachedFolder();
  for (const [number, jobId] of jobIds.entries()) changeSome(runsDir, jobId, number);
  await expectSameWithoutCache(runsDir);
});

test("thousands of runs are read by other processes, and are what they are when few are read", async () => {
  const runsDir = await temporaryFolder();
  const jobIds = plantAll(runsDir, 4200);
  const all = await load(runsDir);
  const { jobs, troubles } = await load(runsDir, new EndedReaders(runsDir));
  expect({ jobs, troubles }).toEqual({ jobs: all.jobs, troubles: all.troubles });
  const other = await temporaryFolder();
  for (const jobId of jobIds.slice(0, 2100)) renameSync(join(runsDir, jobId), join(other, jobId));
  const [first, second] = [await load(other), await load(runsDir)];
  const sorted = (jobs: readonly Job[]) => jobs.toSorted((a, b) => (a.job_id < b.job_id ? -1 : 1));
  expect(sorted(all.jobs)).toEqual(sorted([...first.jobs, ...second.jobs]));
  expect(all.troubles).toEqual([...first.troubles, ...second.troubles].toSorted());
});

test("processes that were started ahead to read runs end where there is nothing for them to read", async () => {
  const { runsDir } = await cachedFolder();
  const prepared = new EndedReaders(runsDir);
  const started = await waitFor(() => {
    const found = childrenNamed(process.pid, "ended-reader");
    expect(found).not.toEqual([]);
    return found;
  });
  const { jobs } = await load(runsDir, prepared);
  expect(jobs).toEqual((await load(runsDir)).jobs);
  await waitFor(() => expect(started.filter(isAlive)).toEqual([]));
});

/** Makes the cache's first line say something else of all its jobs, with the sum that belongs to it. */
function forged(path: string, change: (text: string) => string): void {
  const [heading = "", line = ""] = readFileSync(path, "utf8").split("\n");
  const runs = cachedRunsIn(Buffer.from(line));
  if (runs === undefined) throw new Error("the cache has no sound line");
  const entries = Array.from(runs.entries, (entry) => ({
    ...entry,
    status: "failed" as const,
    created: 1,
    proof: [1, 2] as const,
  }));
  writeFileSync(path, change(`${heading}\n${cachedText({ ...runs, entries })}`));
}

const damages: [string, (path: string) => void][] = [
  ["empty", (path) => writeFileSync(path, "")],
  ["cut short", (path) => writeFileSync(path, readFileSync(path).subarray(0, -100))],
  ["cut short to its heading", (path) => writeFileSync(path, readFileSync(path).subarray(0, 25))],
  ["of another version", (path) => edit(path, /index \d+/, "index 999")],
  ["edited", (path) => edit(path, /"created":\[/, '"created":[5,')],
  ["edited in its sum", (path) => edit(path, /\n\w{8} /, "\n00000000 ")],
  [
    "binary",
    (path) => writeFileSync(path, Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 31) % 256))),
  ],
  ["forged", (path) => forged(path, (text) => text)],
  [
    "forged to be of another shape",
    (path) => forged(path, (text) => text.replace('"created":[1', '"created":[{}')),
  ],
  ["a folder", (path) => replaceBy(path, () => mkdirSync(path))],
  ["a FIFO", (path) => replaceBy(path, () => execFileSync("mkfifo", [path]))],
  ["a link", (path) => replaceBy(path, () => symlinkSync("/dev/zero", path))],
];

function replaceBy(path: string, make: () => void): void {
  rmSync(path);
  make();
}

test.each(damages)("a cache that is %s costs time only", async (_what, damage) => {
  const { runsDir, jobIds, path } = await cachedFolder();
  damage(path);
  expect(countCached(runsDir, jobIds)).toBe(0);
  await expectSameWithoutCache(runsDir);
});

test("a cache of another runs directory is believed in nothing, and one that moved along in all", async () => {
  const { runsDir, jobIds } = await cachedFolder();
  const copy = join(await temporaryFolder(), "copy");
  cpSync(runsDir, copy, { recursive: true, verbatimSymlinks: true });
  expect(countCached(copy, jobIds)).toBe(0);
  await expectSameWithoutCache(copy);
  const moved = join(await temporaryFolder(), "moved");
  renameSync(runsDir, moved);
  expect(countCached(moved, jobIds)).toBe(50);
});

test("a job whose records are new is not cached: a change right behind could not be seen", async () => {
  const runsDir = await temporaryFolder();
  vi.useRealTimers();
  plantEnded(runsDir, "run-1", 1);
  await writeCache((await load(runsDir)).index, runsDir);
  expect(countCached(runsDir, ["run-1"])).toBe(0);
  await expectSameWithoutCache(runsDir);
});

/** A supervisor of a thousand jobs that have just ended; returns it, and how many of them are believed to the cache. */
async function thousandEnded() {
  const runsDir = await temporaryFolder();
  writeFileSync(join(runsDir, lockFile), ""); // without it the directory would count as away
  for (let number = 0; number < 1000; number++) plantEnded(runsDir, `run-${number}`, number);
  const events = new Events();
  const index = new JobIndex(events);
  const supervisor = createSupervisor({ config: emptyConfig(runsDir), index, events, ...nothingToStart });
  await supervisor.load();
  return { runsDir, supervisor, cached: () => countCached(runsDir, index.endedIds()) };
}

test("the cache is written once the server has begun: the next start has it though this one is killed", async () => {
  const { supervisor, cached } = await thousandEnded();
  supervisor.begin(() => false);
  await waitFor(() => expect(cached()).toBe(1000));
  await supervisor.end();
});

test("jobs whose records were too new for the cache at the start are in it at the end", async () => {
  vi.setSystemTime(Date.now() - 60_000);
  const { runsDir, supervisor, cached } = await thousandEnded();
  supervisor.begin(() => false);
  await waitFor(() => expect(existsSync(join(runsDir, cacheFile))).toBe(true));
  expect(cached()).toBe(0);
  vi.setSystemTime(Date.now() + 60_000);
  await supervisor.end();
  expect(cached()).toBe(1000);
});

test("a server keeps a cache of a thousand jobs, and lists the same with it", async () => {
  vi.useRealTimers();
  const runsDir = await temporaryFolder();
  for (let number = 0; number < 1000; number++) plantEnded(runsDir, `run-${number}`, number);
  const path = join(runsDir, cacheFile);
  const first = await startServer({ runsDir });
  const list = async (server: typeof first) => (await send(server, "/jobs?limit=1000")).body;
  const before = await list(first);
  expect(before.total).toBe(1000);
  await first.stop();
  await waitFor(async () => {
    await (await startServer({ runsDir })).stop(); // until the records have settled
    expect(readFileSync(path, "utf8").split("\n").length).toBeGreaterThan(2);
  });
  writeFileSync(`${path}.left-by-a-killed-server`, "");
  const next = await startServer({ runsDir });
  expect(await list(next)).toEqual(before);
  expect(existsSync(`${path}.left-by-a-killed-server`)).toBe(false);
});
