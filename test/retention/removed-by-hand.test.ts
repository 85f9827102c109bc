import { renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { Events } from "../../src/events.ts";
import { startRetention } from "../../src/retention/retention.ts";
import { bytesOnDisk } from "../../src/runs/bytes-on-disk.ts";
import { lockFile, RunsDirectoryAway } from "../../src/runs/run-directory.ts";
import { RemovedRuns } from "../../src/supervisor/removed-runs.ts";
import { createSupervisor } from "../../src/supervisor/supervisor.ts";
import { JobIndex } from "../../src/tracking/job-index.ts";
import { emptyConfig, nothingToStart } from "../http/empty-app.ts";
import { plantEnded, runsIn } from "../support/planted-runs.ts";
import { temporaryFolder, waitFor } from "../support/server.ts";

afterEach(() => void vi.useRealTimers());

/** A supervisor that has loaded runs named by letters, `a` the one that ended last, each a day before the one before. */
async function supervised(names: string, bytes = 0) {
  const runsDir = join(await temporaryFolder(), "runs");
  await mkdir(runsDir);
  writeFileSync(join(runsDir, lockFile), ""); // without it the directory would count as away
  for (const [number, name] of [...names].entries())
    await plantEnded(runsDir, name, { daysAgo: number + 0.5, bytes });
  const events = new Events();
  const index = new JobIndex(events);
  const supervisor = createSupervisor({ config: emptyConfig(runsDir), index, events, ...nothingToStart });
  await supervisor.load();
  const removeByHand = (...jobIds: string[]) => {
    for (const jobId of jobIds) rmSync(join(runsDir, jobId), { recursive: true });
  };
  return {
    runsDir,
    events,
    index,
    supervisor,
    removeByHand,
    known: () => index.endedIds().toSorted().join(""),
  };
}

type Supervised = Awaited<ReturnType<typeof supervised>>;

/** Retention with these rules, which has done its first pass when what it removed is told; returns that. */
function retired(
  { runsDir, events, index, supervisor }: Supervised,
  rules: { runs?: number; bytes?: number },
) {
  const told: string[] = [];
  events.on("retired", (jobId) => told.push(jobId));
  const { retire, forgetRemoved } = supervisor;
  const config = { runsDir, keepDays: undefined, keepRuns: rules.runs, keepBytes: rules.bytes };
  const retention = startRetention({ config, index, events, retire, forgetRemoved });
  return { told, retention };
}

test("runs that were removed by hand send no older one away for the number of all", async () => {
  const loaded = await supervised("abcdef");
  loaded.removeByHand("a", "b", "c");
  const { told, retention } = retired(loaded, { runs: 2 });
  await waitFor(() => expect(told).toEqual(["f"]));
  await waitFor(() => expect(loaded.known()).toBe("de"));
  retention.end();
  expect(runsIn(loaded.runsDir).join("")).toBe("de");
});

test("nor for the bytes of all", async () => {
  const loaded = await supervised("abcdef", 100_000);
  const one = await bytesOnDisk(join(loaded.runsDir, "a"));
  const { told, retention } = retired(loaded, { bytes: 5 * one });
  await waitFor(() => expect(told).toEqual(["f"])); // all have been counted
  loaded.removeByHand("a", "b", "c");
  for (const name of ["g", "h", "i", "j"]) {
    await plantEnded(loaded.runsDir, name, { bytes: 100_000 });
    await loaded.supervisor.refresh(name);
  }
  await waitFor(() => expect(told).toEqual(["f", "e"]));
  retention.end();
  expect(runsIn(loaded.runsDir).join("")).toBe("dghij");
  expect(loaded.known()).toBe("dghij");
});

test("while nobody can tell which runs are there, none goes for number or bytes, and age counts still", async () => {
  const { runsDir, events, index, supervisor } = await supervised("abcdef");
  const troubles: string[] = [];
  const told: string[] = [];
  events.on("trouble", (what) => troubles.push(what));
  events.on("retired", (_jobId, rule) => told.push(rule));
  const retention = startRetention({
    config: { runsDir, keepDays: 4, keepRuns: 1, keepBytes: 1 },
    index,
    events,
    retire: supervisor.retire,
    forgetRemoved: () => Promise.reject(new RunsDirectoryAway(runsDir)),
  });
  await waitFor(() => expect(told).toHaveLength(2));
  retention.end();
  expect(new Set(told)).toEqual(new Set(["QUANT_RUNS_KEEP_DAYS=4"]));
  expect(runsIn(runsDir).join("")).toBe("abcd");
  expect(troubles).toEqual([expect.stringContaining("cannot see which runs are there")]);
});

test("nobody asks for them, and a minute later they are known no longer", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const { supervisor, index, removeByHand, known } = await supervised("abcdef");
  supervisor.begin(() => false);
  removeByHand("b", "e");
  expect(index.list({}, 0).total).toBe(6);
  vi.advanceTimersByTime(60_000);
  await waitFor(() => expect(known()).toBe("acdf"));
  expect(index.list({}, 0).total).toBe(4);
  await supervisor.end();
});

test("names are read again only when one has come or gone", async () => {
  const { runsDir, events, index, removeByHand } = await supervised("abcd");
  removeByHand("b");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 }); // when a change would show in the folder's own time
  const asked: string[] = [];
  const removed = new RemovedRuns({
    config: emptyConfig(runsDir),
    index,
    events,
    refresh: async (jobId) => {
      asked.push(jobId);
      return "known";
    },
  });
  await removed.forgetIfChanged();
  await removed.forgetIfChanged();
  expect(asked).toEqual(["b"]);
  removeByHand("c");
  await removed.forgetIfChanged();
  expect(asked.toSorted()).toEqual(["b", "b", "c"]);
});

test("a runs directory that is away takes no job along", async () => {
  const { runsDir, supervisor, known } = await supervised("abc");
  renameSync(runsDir, `${runsDir}.elsewhere`);
  await expect(supervisor.forgetRemoved()).rejects.toThrow(RunsDirectoryAway);
  await mkdir(runsDir);
  await expect(supervisor.forgetRemoved()).rejects.toThrow(RunsDirectoryAway);
  expect(known()).toBe("abc");
});
