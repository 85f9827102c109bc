import { readdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { flood } from "../load/clients.ts";
import type { Bench } from "../machine/bench.ts";
import { finishedRuns, writeIds } from "../machine/finished-runs.ts";
import { temporaryFolder } from "../machine/folders.ts";
import { makeCache } from "../machine/index-cache.ts";
import { familyOf, mappedMegabytes, residentMegabytes } from "../machine/proc.ts";
import { startServer } from "../machine/server.ts";
import { median } from "../statistics.ts";
import { fillQueue } from "./fill-queue.ts";
import type { Measurement } from "./measurement.ts";

/** Lets the server come to rest, in milliseconds. */
const rest = 5000;

/** What one round has seen, in MB. */
interface Sample {
  readonly idle: number;
  /** What the idle server's template has for itself. */
  readonly template: number;
  readonly full: number;
  /** The same server as `full` once clients have read from it. */
  readonly read: number;
  readonly queued: number;
}

/** Resident memory of the server's process alone; what its template adds, and what readers add, is told beside it. */
export const memory: Measurement = {
  figures: ["memory"],
  measure: async (bench) => {
    const runsDir = await finishedRuns(bench.count(100_000, 5000));
    await makeCache(bench, runsDir);
    const samples: Sample[] = [];
    for (let round = 1; round <= bench.count(3, 1); round++) {
      const [idle, full] = [await whileIdle(bench), await withRuns(bench, runsDir)];
      const sample = { ...idle, ...full, queued: await whileQueued(bench) };
      samples.push(sample);
      bench.say(`round ${round}: ${inWords(sample)} MB`);
    }
    const middle = (name: keyof Sample) => median(samples.map((each) => each[name])) ?? Number.NaN;
    const read = `100,000 runs of which clients have read 20,000 one by one, and lists for 5 s, ${middle("read").toFixed(0)} MB`;
    const note = `${read}; an idle server's template keeps ${middle("template").toFixed(1)} MB of its own`;
    return { found: { memory: { values: [middle("idle"), middle("full"), middle("queued")], note } } };
  },
};

function inWords(sample: Sample): string {
  return Object.entries(sample)
    .map(([name, megabytes]) => `${name} ${megabytes.toFixed(0)}`)
    .join(", ");
}

async function whileIdle(bench: Bench): Promise<Pick<Sample, "idle" | "template">> {
  await using server = await startServer(bench, "warm");
  await setTimeout(rest);
  const [, ...others] = familyOf(server.pid);
  const template = mappedMegabytes(others, "Private_Clean", "Private_Dirty");
  return { idle: residentMegabytes(server.pid), template };
}

async function withRuns(bench: Bench, runsDir: string): Promise<Pick<Sample, "full" | "read">> {
  await using server = await startServer(bench, "warm", { runsDir });
  await setTimeout(rest);
  const full = residentMegabytes(server.pid);
  await readRuns(bench, server.port, runsDir);
  await setTimeout(rest);
  return { full, read: residentMegabytes(server.pid) };
}

async function readRuns({ count }: Bench, port: number, runsDir: string): Promise<void> {
  const jobs = readdirSync(runsDir).filter((name) => !name.startsWith("."));
  const ids = writeIds(jobs.slice(0, count(20_000, 2000)), temporaryFolder().path);
  const ask = { port, connections: 4, method: "GET" } as const;
  await flood({ ...ask, path: "/jobs?limit=100", seconds: count(5, 1) });
  await flood({ ...ask, path: "/jobs/{id}", ids, requests: count(20_000, 2000) });
}

async function whileQueued(bench: Bench): Promise<number> {
  await using server = await startServer(bench, "warm");
  await setTimeout(rest);
  await fillQueue(server.port, bench.count(10_000, 2000), 4);
  await setTimeout(rest);
  return residentMegabytes(server.pid);
}
