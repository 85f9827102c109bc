import { runOneByOne } from "../load/clients.ts";
import { startServer } from "../machine/server.ts";
import { median } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";

/**
 * From the end of a job's process to the moment at which a client that waits by `Prefer: wait` has its end. The end of
 * the process is the clock as its last act, in an exit function that leaves by _exit(2): what the kernel takes to tear
 * it down counts as ours. The slower of cold and warm is told.
 */
export const endVisible: Measurement = {
  figures: ["end-visible"],
  measure: async (bench) => {
    await using cold = await startServer(bench, "cold");
    await using warm = await startServer(bench, "warm");
    const all = [
      { name: "cold", port: cold.port, taken: [] as number[] },
      { name: "warm", port: warm.port, taken: [] as number[] },
    ];
    for (let round = 1; round <= bench.count(5, 2); round++) {
      for (const { name, port, taken } of all) {
        taken.push(...(await runOneByOne(port, "leaves:main", bench.count(20, 8))).told);
        bench.say(`round ${round}: ${name} ${median(taken)?.toFixed(1)} ms so far`);
      }
    }
    const middles = all.map(({ taken }) => median(taken) ?? Number.NaN);
    const note = all.map(({ name }, at) => `${name} ${middles[at]?.toFixed(1)} ms`).join(", ");
    return { found: { "end-visible": { values: [Math.max(...middles)], note } } };
  },
};
