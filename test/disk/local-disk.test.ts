import { mkdirSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { answersAtOnce, isLocal } from "../../src/runs/local-disk.ts";
import { temporaryFolder } from "../support/server.ts";

/** A runs directory with one run, and what puts another folder in its place. */
async function movable() {
  const runsDir = join(await temporaryFolder(), "runs");
  mkdirSync(join(runsDir, "a"), { recursive: true });
  return {
    runsDir,
    record: join(runsDir, "a", "job.json"),
    moveAway: () => renameSync(runsDir, `${runsDir}.elsewhere`),
    moveBack: () => renameSync(`${runsDir}.elsewhere`, runsDir),
  };
}

test("a runs directory that is away is on no disk, and on its own when it is back", async () => {
  const { runsDir, record, moveAway, moveBack } = await movable();
  expect([isLocal(runsDir), answersAtOnce(record)]).toEqual([true, true]);
  moveAway();
  expect([isLocal(runsDir), answersAtOnce(record)]).toEqual([false, false]);
  moveBack();
  expect([isLocal(runsDir), answersAtOnce(record)]).toEqual([true, true]);
});

test("one that has come back from another machine is not waited for, and not asked again", async () => {
  const { runsDir, record, moveAway, moveBack } = await movable();
  expect(isLocal(runsDir)).toBe(true);
  moveAway();
  symlinkSync("/proc", runsDir); // whose kind of disk is none of this machine's either
  expect([isLocal(runsDir), answersAtOnce(record)]).toEqual([false, false]);
  unlinkSync(runsDir);
  moveBack();
  expect([isLocal(runsDir), answersAtOnce(record)]).toEqual([false, false]);
});
