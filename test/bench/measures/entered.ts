import { bareStarts } from "../contenders/bare.ts";
import { contestants } from "../contenders/contestants.ts";
import { runOneByOne } from "../load/clients.ts";
import type { Bench } from "../machine/bench.ts";
import { startServer } from "../machine/server.ts";
import { startCelery, startRq } from "../peers/peer.ts";
import { median, quantile } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";

/** Milliseconds from the request to the first line of the callable, one job after the other on idle servers, in turns. */
export const entered: Measurement = {
  figures: ["entered-warm", "entered-cold", "entered-pandas"],
  measure: async (bench) => {
    await using stack = new AsyncDisposableStack();
    const all = await contendersOf(bench, stack);
    const samples = await samplesOf(bench, all);
    const middle = (name: string) => median(samples.get(name) ?? []);
    const [bare, cold] = [middle("bare"), middle("quant-runs, cold")];
    const warm = samples.get("quant-runs, warm") ?? [];
    const beyond = cold === undefined || bare === undefined ? undefined : cold - bare;
    const shown = (name: string) => `${name} ${middle(name)?.toFixed(1)} ms`;
    return {
      found: {
        "entered-warm": {
          values: [median(warm), quantile(warm, 0.95)],
          note: `p50 of ${[...samples.keys()].map(shown).join("; ")}`,
        },
        "entered-cold": {
          values: [beyond],
          note: `${shown("quant-runs, cold")}; ${shown("bare")} from spawn to callable`,
        },
        "entered-pandas": {
          values: [middle("pandas, preloaded")],
          note: `${shown("pandas, preloaded")}; ${shown("pandas, bare")}`,
        },
      },
      comparisons: contestants(bench).flatMap(({ name, kind, isolates }) => {
        const milliseconds_to_callable = middle(name);
        return milliseconds_to_callable === undefined
          ? []
          : [{ name, kind, isolates, milliseconds_to_callable }];
      }),
    };
  },
};

type Sample = (count: number) => Promise<number[]>;

async function contendersOf(bench: Bench, stack: AsyncDisposableStack): Promise<Map<string, Sample>> {
  const { python, peers } = bench;
  const cold = stack.use(await startServer(bench, "cold"));
  const warm = stack.use(await startServer(bench, "warm"));
  const preloaded = stack.use(await startServer(bench, "preloaded"));
  const ofOurs = (port: number, entrypoint: string) => async (count: number) =>
    (await runOneByOne(port, entrypoint, count)).entered;
  const all = new Map<string, Sample>([
    ["bare", (count) => bareStarts(python, "entered", count)],
    ["quant-runs, cold", ofOurs(cold.port, "entered:main")],
    ["quant-runs, warm", ofOurs(warm.port, "entered:main")],
    ["pandas, preloaded", ofOurs(preloaded.port, "entered_pandas:main")],
    ["pandas, bare", (count) => bareStarts(python, "entered_pandas", Math.ceil(count / 4))],
  ]);
  if ("leftOut" in peers) return all;
  const [rq, celery] = [stack.use(await startRq(peers)), stack.use(await startCelery(peers))];
  return all.set("RQ", (count) => rq.latencies(count)).set("Celery", (count) => celery.latencies(count));
}

async function samplesOf(bench: Bench, all: Map<string, Sample>): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[]>([...all.keys()].map((name) => [name, []]));
  for (const sample of all.values()) await sample(5); // what is only slow once is over then
  for (let round = 1; round <= bench.count(10, 2); round++) {
    for (const [name, sample] of all) {
      const taken = await sample(bench.count(20, 10));
      samples.get(name)?.push(...taken);
      bench.say(`round ${round}: ${name} ${median(taken)?.toFixed(1)} ms`);
    }
  }
  return samples;
}
