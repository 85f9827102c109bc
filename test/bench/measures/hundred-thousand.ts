import { flood } from "../load/clients.ts";
import type { Flooded } from "../load/flood.ts";
import type { Bench } from "../machine/bench.ts";
import { finishedRuns } from "../machine/finished-runs.ts";
import { makeCache, removeCache } from "../machine/index-cache.ts";
import { startServer } from "../machine/server.ts";
import { median } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";

/** Starts on a directory of 100,000 runs, without the cache of an earlier start and with it in turns, and pages of it. */
export const hundredThousand: Measurement = {
  figures: ["list-jobs", "start"],
  measure: async (bench) => {
    const runsDir = await finishedRuns(bench.count(100_000, 5000));
    const [without, withCache]: [number[], number[]] = [[], []];
    const pages: Flooded[] = [];
    for (let round = 1; round <= bench.count(5, 2); round++) {
      removeCache(runsDir);
      without.push(await makeCache(bench, runsDir));
      await using server = await startServer(bench, "warm", { runsDir });
      withCache.push(server.secondsToStart);
      pages.push(await pagesOf(bench, server.port));
      const starts = `start ${shown(withCache.at(-1))}, without a cache ${shown(without.at(-1))}`;
      bench.say(`round ${round}: ${starts}, ${pages.at(-1)?.rate.toFixed(0)} pages/s`);
    }
    const middle = (of: (each: Flooded) => number) => median(pages.map(of));
    return {
      found: {
        "list-jobs": {
          values: [middle(({ rate }) => rate), middle(({ p99 }) => p99)],
          note: `4 connections, client busy ${((middle(({ client }) => client) ?? 0) * 100).toFixed(0)} %`,
        },
        start: {
          values: [median(withCache), median(without)],
          note: `with ${range(withCache)}; without ${range(without)}; the kernel has all files in memory`,
        },
      },
    };
  },
};

function pagesOf(bench: Bench, port: number): Promise<Flooded> {
  return flood({ port, connections: 4, method: "GET", path: "/jobs?limit=100", seconds: bench.count(5, 1) });
}

function range(starts: readonly number[]): string {
  return `${shown(Math.min(...starts))} to ${shown(Math.max(...starts))}`;
}

function shown(seconds: number | undefined): string {
  return `${seconds?.toFixed(2)} s`;
}
