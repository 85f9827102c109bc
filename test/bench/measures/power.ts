import { flood } from "../load/clients.ts";
import type { Bench } from "../machine/bench.ts";
import { startServer } from "../machine/server.ts";
import { median, medianRatio } from "../statistics.ts";
import { jobsInTurns } from "./jobs-in-turns.ts";
import type { Measurement } from "./measurement.ts";

const power = { QUANT_RUNS_DURABILITY: "power" };

/** What it costs that accepted jobs and their ends outlive a loss of power, as they do unless told otherwise. */
export const powerCost: Measurement = {
  figures: ["power"],
  measure: async (bench) => {
    const { ratio, note } = await jobsInTurns(bench, {
      entrypoint: "noop:main",
      count: bench.count(300, 40),
      rounds: bench.count(3, 1),
      over: { name: "power", mode: "warm", variables: power },
      under: { name: "process", mode: "warm" },
    });
    const rates = { power: [] as number[], process: [] as number[] };
    for (let round = 1; round <= bench.count(3, 1); round++) {
      rates.power.push(await submissions(bench, power));
      rates.process.push(await submissions(bench, {}));
    }
    const posts = `submissions ${median(rates.power)?.toFixed(0)}/s against ${median(rates.process)?.toFixed(0)}/s`;
    return {
      found: {
        power: { values: [ratio, medianRatio(rates.power, rates.process)], note: `${note}; ${posts}` },
      },
    };
  },
};

async function submissions(bench: Bench, variables: Record<string, string>): Promise<number> {
  await using server = await startServer(bench, "warm", { variables });
  const body = JSON.stringify({ entrypoint: "sleeps:main" });
  const requests = bench.count(2000, 200);
  return (await flood({ port: server.port, connections: 4, method: "POST", path: "/jobs", body, requests }))
    .rate;
}
