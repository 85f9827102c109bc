import { setTimeout } from "node:timers/promises";
import type { Bench } from "../machine/bench.ts";
import { finishedRuns } from "../machine/finished-runs.ts";
import { familyOf, mappedMegabytes, residentMegabytes } from "../machine/proc.ts";
import { type BenchServer, startServer } from "../machine/server.ts";
import { fillQueue } from "./fill-queue.ts";
import type { Measurement } from "./measurement.ts";

/** Lets the server come to rest, in milliseconds. */
const rest = 5000;

/** Resident memory of the server's process alone; what its template adds is told beside it. */
export const memory: Measurement = {
  figures: ["memory"],
  measure: async (bench) => {
    const template: number[] = [];
    const idle = await restedMemory(bench, {}, async ({ pid }) => {
      const others = familyOf(pid).filter((each) => each !== pid);
      template.push(mappedMegabytes(others, "Private_Clean", "Private_Dirty"));
    });
    const runsDir = await finishedRuns(bench.count(100_000, 5000));
    const full = await restedMemory(bench, { runsDir });
    const queued = await restedMemory(bench, {}, async ({ port }) => {
      await fillQueue(port, bench.count(10_000, 2000), 4);
      await setTimeout(rest);
    });
    const note = `beside it a template that keeps ${template[0]?.toFixed(1)} MB of its own`;
    return { found: { memory: { values: [idle, full, queued], note } } };
  },
};

async function restedMemory(
  bench: Bench,
  options: { runsDir?: string },
  prepare: (server: BenchServer) => Promise<void> = async () => undefined,
): Promise<number> {
  await using server = await startServer(bench, "warm", options);
  await setTimeout(rest);
  await prepare(server);
  const megabytes = residentMegabytes(server.pid);
  bench.say(`${megabytes.toFixed(0)} MB`);
  return megabytes;
}
