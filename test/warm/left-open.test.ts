import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { home, run, startServer, type TestServer, temporaryFolder } from "../support/server.ts";
import { startWarmServer } from "./warm-server.ts";

async function resultOf(server: TestServer, entrypoint: string): Promise<unknown> {
  const { result, error } = await run(server, entrypoint);
  expect(error).toBeNull();
  return (result as { result: unknown }).result;
}

/** A server that has imported ahead what opens files in a folder, and that folder. */
async function startOpen(): Promise<{ server: TestServer; folder: string }> {
  const folder = await temporaryFolder();
  writeFileSync(join(folder, "rows"), "a row of many\n".repeat(20_001));
  const env = { OPENS_IN: folder, QUANT_RUNS_PRELOAD: "opens_on_import" };
  return { server: await startWarmServer({ env }), folder };
}

test("each job reads a file that an import has opened from where the import had come to", async () => {
  const { server } = await startOpen();
  for (const count of [1, 2]) {
    expect(await resultOf(server, "opens_on_import:counts_rows"), `job ${count}`).toBe(20_000);
  }
  expect(await resultOf(server, "surroundings:is_warm")).toBe(true);
});

test("what a job writes to a file that an import has opened is there, and what the import wrote is there once", async () => {
  const { server, folder } = await startOpen();
  for (const _ of [1, 2]) expect((await run(server, "opens_on_import:writes")).status).toBe("completed");
  expect(readFileSync(join(folder, "log"), "utf8")).toBe("imported\ncalled\ncalled\n");
});

test("what an import prints is in no job's log, whatever it prints through", async () => {
  const { server } = await startOpen();
  const { job_id } = await run(server, "basic:succeeds");
  expect(readFileSync(join(server.runsDir, job_id, "stdout.log"), "utf8")).not.toContain("imported");
});

test("random numbers differ from job to job where an import has put back what it found", async () => {
  const server = await startWarmServer({ env: { QUANT_RUNS_PRELOAD: "restores_on_import" } });
  const first = await resultOf(server, "restores_on_import:draw");
  expect(await resultOf(server, "restores_on_import:draw")).not.toBe(first);
  expect(await resultOf(server, "surroundings:is_warm")).toBe(true);
});

test("random numbers are those that an import has chosen, as in a cold start", async () => {
  const python = join(home, ".venv", "bin", "python");
  const env = { QUANT_RUNS_PYTHON: python, QUANT_RUNS_PRELOAD: "seeds_on_import" };
  const [warm, cold] = [
    await startWarmServer({ env }),
    await startServer({ env: { ...env, QUANT_RUNS_WARM: "off" } }),
  ];
  const expected = await resultOf(cold, "seeds_on_import:draw");
  expect(expected).toEqual([expect.any(Number), expect.any(Number)]);
  for (const _ of [1, 2]) expect(await resultOf(warm, "seeds_on_import:draw")).toEqual(expected);
  expect(await resultOf(warm, "surroundings:is_warm")).toBe(true);
});
