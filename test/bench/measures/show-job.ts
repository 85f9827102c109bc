import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { flood } from "../load/clients.ts";
import type { Flood, Flooded } from "../load/flood.ts";
import { undoAtEnd } from "../machine/at-end.ts";
import type { Bench } from "../machine/bench.ts";
import { finishedRuns, writeIds } from "../machine/finished-runs.ts";
import { benchFolder, temporaryFolder } from "../machine/folders.ts";
import { makeCache } from "../machine/index-cache.ts";
import { environment } from "../machine/run.ts";
import { startServer } from "../machine/server.ts";
import { median, medianRatio } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";

/**
 * Reads of one job after another, of 20,000, against a server that only ever sends the same bytes. By the time of the
 * measured ones the server keeps the texts of all of them; what a first read takes is told beside it.
 */
export const showJob: Measurement = {
  figures: ["show-job"],
  measure: async (bench) => {
    const folder = temporaryFolder();
    const runsDir = await finishedRuns(bench.count(20_000, 2000));
    const jobs = readdirSync(runsDir).filter((name) => !name.startsWith("."));
    const ids = writeIds(jobs, folder.path);
    const first = await firstReads(bench, runsDir, { ids, requests: jobs.length });
    await using server = await startServer(bench, "warm", { runsDir });
    const bytes = join(folder.path, "bytes");
    writeFileSync(bytes, await (await fetch(`${server.url}/jobs/${jobs[0]}`)).text());
    await using bare = await startBareHono(bytes);
    const ask = (port: number) => readJobs(port, { ids, secondsBefore: 0.5, seconds: 1 });
    const [ours, others]: [Flooded[], Flooded[]] = [[], []];
    for (const { port } of [bare, server]) await readJobs(port, { ids, requests: 2 * jobs.length }); // what is only slow once is over then
    // Many short ones: the machine's own speed changes within seconds, and then a round tells more of that.
    for (let round = 1; round <= bench.count(25, 2); round++) {
      others.push(await ask(bare.port));
      ours.push(await ask(server.port));
      bench.say(
        `round ${round}: ${ours.at(-1)?.rate.toFixed(0)}/s, bare ${others.at(-1)?.rate.toFixed(0)}/s`,
      );
    }
    const [rates = [], bareRates = []] = [ours, others].map((all) => all.map(({ rate }) => rate));
    const busy = median(others.map(({ client }) => client * 100));
    const note = [
      `${median(rates)?.toFixed(0)}/s of texts that the server keeps, against ${median(bareRates)?.toFixed(0)}/s`,
      `client busy ${busy?.toFixed(0)} % on the bare one`,
      `the first read of each job, from a server just started, ${first?.toFixed(0)}/s`,
    ].join("; ");
    return { found: { "show-job": { values: [medianRatio(rates, bareRates)], note } } };
  },
};

/** Reads every job once from a server that keeps no text yet, a few times. @returns the median of the rates */
async function firstReads(
  bench: Bench,
  runsDir: string,
  each: Pick<Flood, "ids" | "requests">,
): Promise<number | undefined> {
  await makeCache(bench, runsDir);
  const rates: number[] = [];
  for (let round = 1; round <= bench.count(3, 1); round++) {
    await using server = await startServer(bench, "warm", { runsDir });
    rates.push((await readJobs(server.port, each)).rate);
    bench.say(`round ${round}: first reads ${rates.at(-1)?.toFixed(0)}/s`);
  }
  return median(rates);
}

function readJobs(port: number, wanted: Partial<Flood>): Promise<Flooded> {
  return flood({ port, connections: 4, method: "GET", path: "/jobs/{id}", ...wanted });
}

async function startBareHono(bytes: string): Promise<AsyncDisposable & { readonly port: number }> {
  const script = join(benchFolder, "contenders", "bare-hono.ts");
  const options = { env: environment(), extendEnv: false, stderr: "inherit", reject: false } as const;
  const subprocess = execa(process.execPath, [script, bytes], options);
  const ending = undoAtEnd(async () => {
    subprocess.kill("SIGTERM");
    await subprocess;
  });
  for await (const line of createInterface({ input: subprocess.stdout }))
    return { port: Number(line), ...ending };
  throw new Error("the bare Hono server ended");
}
