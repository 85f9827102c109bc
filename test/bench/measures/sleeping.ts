import { setTimeout } from "node:timers/promises";
import { flood } from "../load/clients.ts";
import { processorSeconds } from "../machine/proc.ts";
import { startServer } from "../machine/server.ts";
import { median } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";

/** How long the server is left alone before its processor time is counted, in milliseconds. */
const rest = 5000;

/** What watching over 500 jobs that do nothing costs the server, while nobody asks it anything. */
export const sleeping: Measurement = {
  figures: ["sleeping"],
  measure: async (bench) => {
    const jobs = bench.count(500, 50);
    const variables = { QUANT_RUNS_CONCURRENCY: String(jobs) };
    await using server = await startServer(bench, "warm", { variables });
    const body = JSON.stringify({ entrypoint: "sleeps:main" });
    await flood({ port: server.port, connections: 4, method: "POST", path: "/jobs", body, requests: jobs });
    while ((await activeJobs(server.url)) < jobs) await setTimeout(500);
    await setTimeout(rest);
    const [shares, seconds]: [number[], number] = [[], bench.count(20, 5)];
    for (let window = 1; window <= bench.count(3, 1); window++) {
      shares.push(await shareOfACore(server.pid, seconds));
      bench.say(`window ${window}: ${shares.at(-1)?.toFixed(2)} %`);
    }
    return {
      found: { sleeping: { values: [median(shares)], note: `${jobs} jobs, windows of ${seconds} s` } },
    };
  },
};

async function activeJobs(url: string): Promise<number> {
  return ((await (await fetch(`${url}/health`)).json()) as { active_jobs: number }).active_jobs;
}

/** Percent of a processor that a process uses in so many seconds. */
async function shareOfACore(pid: number, seconds: number): Promise<number> {
  const [before, asked] = [processorSeconds(pid), performance.now()];
  await setTimeout(seconds * 1000);
  return ((processorSeconds(pid) - before) / ((performance.now() - asked) / 1000)) * 100;
}
