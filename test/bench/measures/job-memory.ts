import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { flood } from "../load/clients.ts";
import { undoAtEnd } from "../machine/at-end.ts";
import type { Bench } from "../machine/bench.ts";
import { benchFolder, temporaryFolder } from "../machine/folders.ts";
import { familyOf, mappedMegabytes } from "../machine/proc.ts";
import { environment } from "../machine/run.ts";
import { type Mode, shimsIn, startServer } from "../machine/server.ts";
import { median } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";

/** How many jobs run at the same time. */
const jobs = 8;

/** Lets what starts come to rest, in milliseconds. */
const rest = 1000;

/**
 * Memory that each running job adds, its shim's included, beyond what a bare interpreter adds: the anonymous memory of
 * all who share it (Pss_Anon of smaps_rollup), with jobs less without. The private pages of a job's processes alone
 * would leave out those that shim and child share with each other, and so flatter. The larger of cold and warm is told.
 */
export const jobMemory: Measurement = {
  figures: ["job-memory"],
  measure: async (bench) => {
    const bare: Added[] = [];
    const ours: Record<"cold" | "warm", Added[]> = { cold: [], warm: [] };
    for (let round = 1; round <= bench.count(3, 1); round++) {
      bare.push(await addedByBare(bench));
      ours.cold.push(await addedByJobs(bench, "cold"));
      ours.warm.push(await addedByJobs(bench, "warm"));
    }
    const beyond = (mode: "cold" | "warm", name: keyof Added) =>
      middle(ours[mode], name) - middle(bare, name);
    const told = (mode: "cold" | "warm") =>
      `${mode} ${beyond(mode, "anonymous").toFixed(1)} MB (private pages alone ${beyond(mode, "private").toFixed(1)} MB)`;
    return {
      found: {
        "job-memory": {
          values: [Math.max(beyond("cold", "anonymous"), beyond("warm", "anonymous"))],
          note: `${told("cold")}, ${told("warm")}; a bare interpreter has ${middle(bare, "anonymous").toFixed(1)} MB`,
        },
      },
    };
  },
};

/** What a job adds, in MB, counted in two ways. */
interface Added {
  readonly anonymous: number;
  readonly private: number;
}

function middle(all: readonly Added[], name: keyof Added): number {
  return median(all.map((each) => each[name])) ?? Number.NaN;
}

async function addedByJobs(bench: Bench, mode: Mode): Promise<Added> {
  await using server = await startServer(bench, mode, {
    variables: { QUANT_RUNS_CONCURRENCY: String(jobs) },
  });
  const ask = { port: server.port, connections: 1, method: "POST", path: "/jobs" } as const;
  await flood({ ...ask, body: JSON.stringify({ entrypoint: "noop:main" }), requests: 4 });
  await setTimeout(rest);
  const template = () => familyOf(server.pid, new Set(shims)).slice(1); // the first is the server
  let shims: number[] = [];
  const before = mappedMegabytes(template(), "Pss_Anon");
  await flood({ ...ask, body: JSON.stringify({ entrypoint: "sleeps:main" }), requests: jobs });
  while (shims.length < jobs) {
    await setTimeout(100);
    shims = shimsIn(server.runsDir);
  }
  await setTimeout(rest);
  const members = shims.flatMap((shim) => familyOf(shim));
  const anonymous = mappedMegabytes([...new Set([...template(), ...members])], "Pss_Anon") - before;
  return {
    anonymous: anonymous / jobs,
    private: mappedMegabytes(members, "Private_Clean", "Private_Dirty") / jobs,
  };
}

async function addedByBare({ python }: Bench): Promise<Added> {
  const folder = temporaryFolder();
  const script = join(benchFolder, "contenders", "call.py");
  const all = Array.from({ length: jobs }, (_, number) => {
    const args = [script, "sleeps", join(folder.path, String(number))];
    return execa(python, args, { env: environment(), extendEnv: false, reject: false });
  });
  await using _ending = undoAtEnd(async () => {
    for (const each of all) each.kill("SIGKILL");
    await Promise.all(all);
  });
  await setTimeout(rest);
  const pids = all.map(({ pid }) => Number(pid));
  for (const pid of pids) readFileSync(`/proc/${pid}/stat`); // all of them live
  return {
    anonymous: mappedMegabytes(pids, "Pss_Anon") / jobs,
    private: mappedMegabytes(pids, "Private_Clean", "Private_Dirty") / jobs,
  };
}
