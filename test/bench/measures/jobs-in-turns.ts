import { startOurs } from "../contenders/ours.ts";
import type { Bench } from "../machine/bench.ts";
import type { Mode } from "../machine/server.ts";
import { median, medianRatio } from "../statistics.ts";

/** A way of running a server of ours. */
interface Way {
  readonly name: string;
  readonly mode: Mode;
  readonly variables?: Record<string, string>;
}

interface Turns {
  readonly entrypoint: string;
  readonly count: number;
  readonly rounds: number;
  readonly over: Way;
  readonly under: Way;
}

/** Jobs a second in two ways of running the server, in turns. @returns the median of the ratios, and the rates in words */
export async function jobsInTurns(
  bench: Bench,
  { entrypoint, count, rounds, over, under }: Turns,
): Promise<{ ratio: number | undefined; note: string }> {
  const rates = new Map<Way, number[]>([
    [over, []],
    [under, []],
  ]);
  for (let round = 1; round <= rounds; round++) {
    for (const [way, taken] of rates) {
      await using server = await startOurs(bench, way.mode, { entrypoint, variables: way.variables ?? {} });
      await server.run(4); // what is only slow once is over then
      taken.push(count / (await server.run(count)));
      bench.say(`round ${round}: ${way.name} ${taken.at(-1)?.toFixed(1)} jobs/s`);
    }
  }
  const told = [...rates].map(([{ name }, taken]) => `${name} ${median(taken)?.toFixed(1)} jobs/s`);
  return { ratio: medianRatio(rates.get(over), rates.get(under)), note: told.join(", ") };
}
