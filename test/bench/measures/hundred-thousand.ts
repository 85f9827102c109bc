import { flood } from "../load/clients.ts";
import type { Flooded } from "../load/flood.ts";
import type { Bench } from "../machine/bench.ts";
import { finishedRuns } from "../machine/finished-runs.ts";
import { startServer } from "../machine/server.ts";
import { median } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";

/** Starts on a directory of 100,000 runs, and pages of it. */
export const hundredThousand: Measurement = {
  figures: ["list-jobs", "start"],
  measure: async (bench) => {
    const runsDir = await finishedRuns(bench.count(100_000, 5000));
    const starts: number[] = [];
    const pages: Flooded[] = [];
    for (let round = 1; round <= bench.count(5, 2); round++) {
      await using server = await startServer(bench, "warm", { runsDir });
      starts.push(server.secondsToStart);
      pages.push(await pagesOf(bench, server.port));
      bench.say(
        `round ${round}: start ${starts.at(-1)?.toFixed(2)} s, ${pages.at(-1)?.rate.toFixed(0)} pages/s`,
      );
    }
    const middle = (of: (each: Flooded) => number) => median(pages.map(of));
    const [first, ...later] = starts;
    return {
      found: {
        "list-jobs": {
          values: [middle(({ rate }) => rate), middle(({ p99 }) => p99)],
          note: `4 connections, client busy ${((middle(({ client }) => client) ?? 0) * 100).toFixed(0)} %`,
        },
        start: { values: [median(later)], note: `the first start there ${first?.toFixed(2)} s` },
      },
    };
  },
};

function pagesOf(bench: Bench, port: number): Promise<Flooded> {
  return flood({ port, connections: 4, method: "GET", path: "/jobs?limit=100", seconds: bench.count(5, 1) });
}
