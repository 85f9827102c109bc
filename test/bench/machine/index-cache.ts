import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { cacheFile } from "../../../src/runs/run-directory.ts";

/** How long a server may take to write its cache once it has started, in milliseconds. */
const longestWrite = 120_000;

/** Removes what servers remember of a runs directory: the next one reads each run. */
export function removeCache(runsDir: string): void {
  rmSync(join(runsDir, cacheFile), { force: true });
}

/** Resolves once the server of a runs directory has written its cache. */
export async function untilCached(runsDir: string): Promise<void> {
  const deadline = performance.now() + longestWrite;
  while (!existsSync(join(runsDir, cacheFile))) {
    if (performance.now() > deadline) throw new Error(`no server writes a cache in ${runsDir}`);
    await setTimeout(50);
  }
}
