import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Documents, JobText } from "../../src/http/documents.ts";
import { factsNow } from "../../src/runs/file-facts.ts";
import { fileOf, runDirectory } from "../../src/runs/run-directory.ts";
import { plantEnded } from "../recovery/planted-runs.ts";
import { temporaryFolder } from "../support/server.ts";

/** Long after the records of these tests were written. */
const later = Date.now() + 3_600_000;

async function kept(...jobIds: string[]) {
  const runsDir = join(await temporaryFolder(), "runs");
  mkdirSync(runsDir);
  const documents = new Documents(runsDir);
  const factsOf = (jobId = "") => factsNow(fileOf(runDirectory(runsDir, jobId), "status"));
  /** A text of one without a file, as if it were that of the first job's. */
  const keep = (jobId: string, text: string, moment = later) => {
    const facts = factsOf(jobId) ?? factsOf(jobIds[0]);
    if (facts === undefined) throw new Error(`${jobId} has no status.json`);
    documents.keep(jobId, "completed", facts, new JobText(text), moment);
  };
  for (const jobId of jobIds) {
    plantEnded(runsDir, jobId, 1);
    keep(jobId, "text");
  }
  return { runsDir, documents, keep, directoryOf: (jobId: string) => join(runsDir, jobId) };
}

test("a text is kept for its status alone, and until its file is gone", async () => {
  const { documents, directoryOf } = await kept("a", "b");
  expect(documents.get("a", "completed")?.text).toBe("text");
  expect(documents.get("a", "failed")).toBeUndefined();
  rmSync(directoryOf("b"), { recursive: true });
  expect(documents.get("b", "completed")).toBeUndefined();
});

test("a text whose file has just changed, or that is very large, is not kept", async () => {
  const { documents, keep, directoryOf } = await kept("a");
  writeFileSync(join(directoryOf("a"), "status.json"), "new");
  keep("a", "new", Date.now());
  expect(documents.get("a", "completed")).toBeUndefined();
  keep("a", "x".repeat(100_000));
  expect(documents.get("a", "completed")).toBeUndefined();
});

test("no text is kept once the runs directory has come back from elsewhere", async () => {
  const { documents, runsDir } = await kept("a", "b");
  renameSync(runsDir, `${runsDir}.elsewhere`);
  symlinkSync("/proc", runsDir); // no disk of this machine
  expect(documents.get("a", "completed")).toBeUndefined();
  unlinkSync(runsDir);
  renameSync(`${runsDir}.elsewhere`, runsDir);
  expect(documents.get("b", "completed")).toBeUndefined();
});

test("the texts that are kept have room for so many characters, and those that are asked for stay", async () => {
  const { documents, keep } = await kept("often", "once");
  for (let count = 0; count < 2000; count++) {
    keep(`another-${count}`, "x".repeat(60_000));
    if (documents.get("often", "completed") === undefined) throw new Error("it was forgotten");
  }
  expect(documents.get("once", "completed")).toBeUndefined();
});

test("what was asked for once goes when others are asked for, which are kept then", async () => {
  const generations = ["b", "c", "d"].map((letter) =>
    Array.from({ length: 300 }, (_, number) => `${letter}-${number}`),
  );
  const { documents, keep } = await kept(...generations.flat());
  for (const jobId of generations.flat()) documents.forget(jobId);
  const isKept = (jobId: string) => documents.get(jobId, "completed") !== undefined;
  for (const generation of generations) {
    for (let round = 0; round < 3; round++) {
      for (const jobId of generation) if (!isKept(jobId)) keep(jobId, "x".repeat(60_000));
    }
    expect(generation.filter(isKept)).toHaveLength(300);
  }
  expect(generations[0]?.filter(isKept)).toHaveLength(0);
});

test("what is forgotten again and again takes no memory", async () => {
  const { documents, keep } = await kept("a");
  const used = () => process.memoryUsage().heapUsed;
  const churn = (from: number, to: number) => {
    for (let number = from; number < to; number++) {
      keep(`run-${number}`, `${number} `.repeat(300));
      documents.forget(`run-${number - 50}`);
    }
  };
  churn(0, 1000);
  const before = used();
  churn(1000, 101_000);
  expect(used() - before).toBeLessThan(100_000_000); // of some 180 MB
});

test("the kernel is asked once for a text in one turn of the event loop, and anew in the next", async () => {
  const { documents, directoryOf } = await kept("a");
  documents.askOnceInThisTurn();
  expect(documents.get("a", "completed")).toBeDefined();
  rmSync(directoryOf("a"), { recursive: true });
  expect(documents.get("a", "completed")).toBeDefined();
  await setImmediate();
  expect(documents.get("a", "completed")).toBeUndefined();
});
