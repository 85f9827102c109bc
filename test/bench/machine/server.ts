import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { undoAtEnd } from "./at-end.ts";
import type { Bench } from "./bench.ts";
import { home, temporaryFolder } from "./folders.ts";
import { familyOf } from "./proc.ts";
import { environment } from "./run.ts";

/** A server of ours with a runs directory and a port of its own; disposing of it ends it and its jobs. */
export interface BenchServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly runsDir: string;
  /** From the spawn to the first answer of `GET /health`. */
  readonly secondsToStart: number;
}

/** How jobs are started; `preload` names modules that a template has imported already. */
export const modes = {
  cold: { QUANT_RUNS_WARM: "off" },
  warm: { QUANT_RUNS_WARM: "on" },
  preloaded: { QUANT_RUNS_WARM: "on", QUANT_RUNS_PRELOAD: "pandas" },
} as const;

export type Mode = keyof typeof modes;

/** How long a server may take to start, in milliseconds. */
const longestStart = 300_000;

/** How often it is asked meanwhile, in milliseconds: each time takes a quarter of one from what the server could have. */
const betweenQuestions = 10;

/** Starts bin/quant-runs in a folder of its own; its runs directory lies there unless one is given, which then stays. */
export async function startServer(
  { python }: Pick<Bench, "python">,
  mode: Mode,
  { runsDir, variables = {} }: { runsDir?: string; variables?: Record<string, string> } = {},
): Promise<BenchServer> {
  const folder = temporaryFolder();
  const runs = runsDir ?? join(folder.path, ".quant_runs");
  const port = await freePort();
  const asked = performance.now();
  const subprocess = execa(join(home, "bin", "quant-runs"), ["serve"], {
    cwd: folder.path,
    env: environment({
      HOST: "127.0.0.1",
      PORT: String(port),
      QUANT_RUNS_DIR: runs,
      QUANT_RUNS_PYTHON: python,
      QUANT_RUNS_CONCURRENCY: "2",
      QUANT_RUNS_DURABILITY: "process",
      QUANT_RUNS_LOG_LEVEL: "error",
      ...modes[mode],
      ...variables,
    }),
    extendEnv: false,
    stdio: ["ignore", "inherit", "inherit"],
    reject: false,
  });
  const pid = Number(subprocess.pid);
  const ending = undoAtEnd(async () => {
    subprocess.kill("SIGKILL"); // a stop in good order would wait for requests that nobody waits for
    await subprocess;
    if (runsDir === undefined) endJobsIn(runs);
  });
  const url = `http://127.0.0.1:${port}`;
  await Promise.race([
    untilHealthy(url),
    subprocess.then(() => Promise.reject(new Error("the server ended"))),
  ]);
  return {
    url,
    port,
    pid,
    runsDir: runs,
    secondsToStart: (performance.now() - asked) / 1000,
    ...ending,
  };
}

async function untilHealthy(url: string): Promise<void> {
  const deadline = performance.now() + longestStart;
  while (performance.now() < deadline) {
    const answer = await fetch(`${url}/health`).catch(() => undefined); // it does not listen yet
    if (answer?.ok) return void (await answer.body?.cancel());
    await setTimeout(betweenQuestions);
  }
  throw new Error(`no server answers at ${url} after ${longestStart / 1000} s`);
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Ends what the jobs of a runs directory left running, by the process that each claim names, while it is still a shim. */
function endJobsIn(runsDir: string): void {
  for (const pid of shimsIn(runsDir)) for (const member of familyOf(pid).reverse()) kill(member);
}

/** Pids of the shims of all jobs that run. */
export function shimsIn(runsDir: string): number[] {
  return readdirSync(runsDir).flatMap((jobId) => {
    const directory = join(runsDir, jobId);
    const { pid, start_time_ticks } = claimIn(directory);
    return pid !== undefined && startTimeOf(pid) === start_time_ticks ? [pid] : [];
  });
}

function claimIn(directory: string): { pid?: number; start_time_ticks?: number } {
  try {
    return JSON.parse(readFileSync(join(directory, "claim"), "utf8"));
  } catch {
    return {}; // it waits, or is no run directory
  }
}

/** Tells a process from a later one of the same number (proc_pid_stat(5), starttime). */
function startTimeOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return undefined; // it has ended
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // gone by itself
  }
}
