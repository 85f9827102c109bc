import { setTimeout } from "node:timers/promises";
import { flood } from "../load/clients.ts";
import { familyOf, processorSeconds } from "../machine/proc.ts";
import { type BenchServer, shimsIn, startServer } from "../machine/server.ts";
import { median } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";

/** How long the server is left alone before its processor time is counted, in milliseconds. */
const rest = 5000;

/**
 * What watching over 500 jobs that do nothing costs the server and the template it forks jobs from, while nobody asks it
 * anything. What the jobs and their shims use is not the server's.
 */
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
    const [shares, seconds]: [Shares[], number] = [[], bench.count(20, 5)];
    for (let window = 1; window <= bench.count(3, 1); window++) {
      const share = await sharesOfACore(server, seconds);
      shares.push(share);
      bench.say(`window ${window}: ${inWords(share)}`);
    }
    const middle = (of: (each: Shares) => number) => median(shares.map(of)) ?? Number.NaN;
    const both = { server: middle((each) => each.server), template: middle((each) => each.template) };
    const note = `${inWords(both)}; ${jobs} jobs, windows of ${seconds} s`;
    return { found: { sleeping: { values: [middle((each) => each.server + each.template)], note } } };
  },
};

async function activeJobs(url: string): Promise<number> {
  return ((await (await fetch(`${url}/health`)).json()) as { active_jobs: number }).active_jobs;
}

/** Percent of a processor. */
interface Shares {
  readonly server: number;
  readonly template: number;
}

function inWords({ server, template }: Shares): string {
  return `server ${server.toFixed(2)} %, template ${template.toFixed(2)} %`;
}

/** What a server uses in so many seconds, and what all else that it started uses, but for the jobs. */
async function sharesOfACore({ pid, runsDir }: BenchServer, seconds: number): Promise<Shares> {
  const [server, ...others] = familyOf(pid, new Set(shimsIn(runsDir))).map(processorMeter);
  await setTimeout(seconds * 1000);
  const template = others.reduce((sum, share) => sum + share(), 0);
  return { server: server?.() ?? Number.NaN, template };
}

/** @returns what tells how much of a processor a process has used since: NaN if it has ended */
function processorMeter(pid: number): () => number {
  const [before, asked] = [processorSeconds(pid), performance.now()];
  return () => ((processorSeconds(pid) - before) / ((performance.now() - asked) / 1000)) * 100;
}
