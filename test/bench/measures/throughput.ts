import type { Contestant } from "../contenders/contender.ts";
import { contestants } from "../contenders/contestants.ts";
import type { Bench } from "../machine/bench.ts";
import { median, medianRatio } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";

/** Jobs a second of everyone, in turns: what disturbs the machine for a while disturbs all of them. */
export const throughput: Measurement = {
  figures: ["throughput-cold", "throughput-warm"],
  measure: async (bench) => {
    const all = contestants(bench);
    const rates = await ratesOf(bench, all);
    const against = (name: string, other: string) => medianRatio(rates.get(name), rates.get(other));
    const told = (name: string) => `${name} ${median(rates.get(name) ?? [])?.toFixed(0)}/s`;
    const others = all.map(({ name }) => name).filter((name) => name !== "quant-runs, cold");
    const missing = "leftOut" in bench.peers ? [`RQ and Celery left out: ${bench.peers.leftOut}`] : [];
    return {
      found: {
        "throughput-cold": {
          values: [against("quant-runs, cold", "bare")],
          note: ["quant-runs, cold", "bare"].map(told).join("; "),
        },
        "throughput-warm": {
          values: [against("quant-runs, warm", "bare"), against("quant-runs, warm", "RQ")],
          note: [...others.map(told), ...missing].join("; "),
        },
      },
      comparisons: all.map(({ name, kind, isolates }) => {
        const rate = median(rates.get(name) ?? []);
        return { name, kind, isolates, ...(rate !== undefined && { jobs_per_second: rate }) };
      }),
    };
  },
};

/** Jobs a second in each round. */
async function ratesOf(bench: Bench, all: readonly Contestant[]): Promise<Map<string, number[]>> {
  const count = bench.count(500, 60);
  const rates = new Map<string, number[]>(all.map(({ name }) => [name, []]));
  for (let round = 1; round <= bench.count(7, 2); round++) {
    for (const { name, start } of all) {
      await using contender = await start();
      await contender.run(20); // what is only slow once is over then
      const rate = count / (await contender.run(count));
      rates.get(name)?.push(rate);
      bench.say(`round ${round}: ${name} ${rate.toFixed(0)} jobs/s`);
    }
  }
  return rates;
}
