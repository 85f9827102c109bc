import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Events } from "../../src/events.ts";
import { cacheFile } from "../../src/runs/run-directory.ts";
import { cachedRuns, writeCache } from "../../src/tracking/index-cache.ts";
import { JobIndex } from "../../src/tracking/job-index.ts";
import { temporaryFolder } from "../support/server.ts";

const mebibyte = 1024 * 1024;

/** An index of ended jobs with 32 labels each of their own, of so many characters. */
function labelled(jobs: number, characters: number): JobIndex {
  const index = new JobIndex(new Events());
  const time = "2026-01-01T00:00:00.000000+00:00";
  const state = { status: "completed", started_at: time, completed_at: time } as const;
  for (let number = 0; number < jobs; number++) {
    const label = (place: number) => [`label-${place}`, `${number}`.padEnd(characters, "x")];
    const labels = Object.fromEntries(Array.from({ length: 32 }, (_, place) => label(place)));
    const job_id = `job-${number}`;
    index.add({ job_id, created_at: time, entrypoint: "a:b", runtime: "python", labels, state });
    index.prove(job_id, [1, 2]);
  }
  return index;
}

/** How many bytes this process has read, of all files together (proc_pid_io(5)). */
const bytesRead = () => Number(/rchar: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);

const idsIn = (runsDir: string) =>
  [...cachedRuns(runsDir)].flatMap(({ entries }) => Array.from(entries, ({ jobId }) => jobId));

test.each([
  ["from its beginning", ""],
  ["behind its heading", "heading"],
])("a cache that is one line of a gibibyte %s is not read into memory", async (_where, begin) => {
  const runsDir = await temporaryFolder();
  const path = join(runsDir, cacheFile);
  await writeCache(labelled(1, 1), runsDir);
  const [heading] = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, begin === "" ? "" : `${heading}\n`);
  truncateSync(path, 1024 * mebibyte);
  const before = bytesRead();
  expect(idsIn(runsDir)).toEqual([]);
  expect(bytesRead() - before).toBeLessThan(64 * mebibyte);
});

test("jobs with so many labels that a line would be too long are cached in several lines", async () => {
  const runsDir = await temporaryFolder();
  const index = labelled(2500, 255);
  await writeCache(index, runsDir);
  const lines = readFileSync(join(runsDir, cacheFile), "latin1").split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(8 * mebibyte);
  expect(lines.length).toBeGreaterThan(4);
  expect(idsIn(runsDir)).toEqual(index.endedIds());
});
