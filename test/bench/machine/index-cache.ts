import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { cacheFile } from "../../../src/runs/run-directory.ts";
import type { Bench } from "./bench.ts";
import { startServer } from "./server.ts";

/** How long a server may take to write its cache once it has started, in milliseconds. */
const longestWrite = 120_000;

/** Removes what servers remember of a runs directory: the next one reads each run. */
export function removeCache(runsDir: string): void {
  rmSync(join(runsDir, cacheFile), { force: true });
}

/** Has a server write its cache of a runs directory, as every first one there does. @returns the seconds its start took */
export async function makeCache(bench: Pick<Bench, "python">, runsDir: string): Promise<number> {
  await using server = await startServer(bench, "warm", { runsDir });
  await untilCached(runsDir);
  return server.secondsToStart;
}

/** Resolves once the server of a runs directory has written its cache. */
async function untilCached(runsDir: string): Promise<void> {
  const deadline = performance.now() + longestWrite;
  while (!existsSync(join(runsDir, cacheFile))) {
    if (performance.now() > deadline) throw new Error(`no server writes a cache in ${runsDir}`);
    await setTimeout(50);
  }
}
