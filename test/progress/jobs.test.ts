import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import type { Progress } from "../../src/jobs/progress.ts";
import { readProgress } from "../../src/progress/read-progress.ts";
import { fileNames, runDirectory } from "../../src/runs/run-directory.ts";
import { defaultPython } from "../../src/runtimes/python.ts";
import {
  ended,
  home,
  type Job,
  reached,
  sharedServer,
  submit,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

const python = defaultPython(process.env, home);
const hasBars = !(await execa(python, ["-c", "import tqdm, rich"], { reject: false })).failed;
const testBars = test.skipIf(!hasBars && !process.env.CI);

const server = sharedServer({
  env: { QUANT_RUNS_PYTHON: python, QUANT_RUNS_PROGRESS: "/nowhere", COLUMNS: undefined },
});

interface Seen {
  readonly progress: Progress;
  /** The job after its end. */
  readonly job: Job;
}

/** What is seen of a running job's progress as soon as it is as far as expected; then the job may end. */
async function watched(entrypoint: string, parameters: object, expected: Partial<Progress>): Promise<Seen> {
  const path = join(await temporaryFolder(), "go on");
  const jobId = await submit(server(), entrypoint, { ...parameters, path });
  const { started_at } = await reached(server(), jobId, "running");
  const progress = await waitFor(async () => {
    const found = await readProgress(runDirectory(server().runsDir, jobId), String(started_at));
    if (found === null) throw new Error(`job ${jobId} shows nothing yet`);
    expect(found).toMatchObject(expected);
    return found;
  });
  await writeFile(path, "");
  return { progress, job: await ended(server(), jobId) };
}

test("a bar on stderr tells how far a job is", async () => {
  const { progress } = await watched("progress:shows_bar", {}, { current: 45 });
  expect(progress).toEqual({
    fraction: 0.45,
    current: 45,
    total: 100,
    rate: 4.39,
    eta_seconds: 12,
    text: "45%|####5     | 45/100 [00:10<00:12,  4.39it/s, loss=0.5]",
  });
});

test("a job is told where to write its progress, and what it writes there counts", async () => {
  const lines = '{"current": 1, "total": 4, "text": "first"}\n{"current": 2, "total": 4}\n';
  const { progress, job } = await watched("progress:writes_progress", { lines }, { current: 2 });
  expect(progress).toMatchObject({ fraction: 0.5, current: 2, total: 4, text: null });
  expect(Number(progress.rate)).toBeGreaterThan(0);
  expect(Number(progress.eta_seconds)).toBeGreaterThan(0);
  expect(job.result).toEqual({
    result: join(runDirectory(server().runsDir, job.job_id), fileNames.progress),
  });
});

testBars.each<[string, object, Partial<Progress>]>([
  ["its usual bar", { total: 100 }, { fraction: 0.45, current: 45, total: 100 }],
  ["an ASCII bar", { total: 100, ascii: true, desc: "3/4 at 5%" }, { fraction: 0.45, current: 45 }],
  ["no room for a bar", { total: 100, ncols: 0 }, { fraction: 0.45, current: 45, total: 100 }],
  ["no total", { total: null, unit: " files" }, { fraction: null, current: 45, total: null }],
  [
    "prefixes",
    { total: 5000, initial: 1155, unit: "row", unit_scale: true },
    { fraction: 0.24, current: 1200 },
  ],
  ["a postfix", { total: 100, postfix: { loss: 0.5 } }, { fraction: 0.45, current: 45, total: 100 }],
])("tqdm with %s is read", async (_what, options, expected) => {
  const { progress } = await watched("progress:shows_tqdm", options, expected);
  expect(Number(progress.rate)).toBeGreaterThan(0);
});

testBars("of two bars of tqdm the one drawn last is read", async () => {
  await watched("progress:shows_nested_tqdm", {}, { current: 45, total: 100 });
});

const amounts = { current: 27_000_000, total: 60_000_000 };

testBars.each<[string, object, Partial<Progress>]>([
  ["its usual columns", {}, { fraction: 0.45, current: null }],
  ["no colours", { no_color: true }, { fraction: 0.45, current: null }],
  ["few colours", { color_system: "standard" }, { fraction: 0.45, current: null }],
  ["amounts", { columns: "amounts" }, { fraction: 0.45, ...amounts }],
  ["a download", { columns: "download" }, { fraction: 0.45, ...amounts }],
])("rich with %s is read", async (_what, options, expected) => {
  await watched("progress:shows_rich", options, expected);
});
