import { flood } from "../load/clients.ts";
import type { Flooded } from "../load/flood.ts";
import type { Bench } from "../machine/bench.ts";
import { startServer } from "../machine/server.ts";
import { startRq } from "../peers/peer.ts";
import { median } from "../statistics.ts";
import { fillQueue } from "./fill-queue.ts";
import type { Measurement } from "./measurement.ts";

/** How many connections a client that floods the server keeps open. */
const connections = 4;

/**
 * Submissions while 10,000 jobs wait and two that sleep hold the slots. RQ has no server to submit to: its client writes
 * to redis, over one connection and waiting for each answer, as a program that submits does.
 */
export const postQueued: Measurement = {
  figures: ["post-queued"],
  measure: async (bench) => {
    const floods: { burst: Flooded; deep: Flooded }[] = [];
    const rq: number[] = [];
    for (let round = 1; round <= bench.count(3, 1); round++) {
      floods.push(await floodOnce(bench));
      rq.push(...(await rateOfRq(bench)));
      bench.say(`round ${round}: ${floods.at(-1)?.deep.rate.toFixed(0)} submissions/s`);
    }
    const middle = (of: (each: { burst: Flooded; deep: Flooded }) => number) => median(floods.map(of));
    const note = [
      `the first 10,000 at ${middle(({ burst }) => burst.rate)?.toFixed(0)}/s`,
      `${connections} connections, client busy ${((middle(({ deep }) => deep.client) ?? 0) * 100).toFixed(0)} %`,
      ...(rq.length > 0
        ? [`RQ, whose client writes to redis over one connection, ${median(rq)?.toFixed(0)}/s`]
        : []),
    ].join("; ");
    const values = [middle(({ deep }) => deep.rate), middle(({ deep }) => deep.p99)];
    return { found: { "post-queued": { values, note } } };
  },
};

async function floodOnce(bench: Bench): Promise<{ burst: Flooded; deep: Flooded }> {
  await using server = await startServer(bench, "warm");
  const burst = await fillQueue(server.port, bench.count(10_000, 2000), connections);
  const body = JSON.stringify({ entrypoint: "noop:main" });
  const requests = bench.count(5000, 1000);
  const deep = await flood({ port: server.port, connections, method: "POST", path: "/jobs", body, requests });
  return { burst, deep };
}

async function rateOfRq({ peers, count }: Bench): Promise<number[]> {
  if ("leftOut" in peers) return [];
  await using rq = await startRq(peers, 0);
  return [await rq.ask<number>("deep", String(count(5000, 1000)), String(count(10_000, 2000)))];
}
