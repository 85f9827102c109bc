import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** Pids of living processes whose environment names this run directory: what is left of a job. */
export function processesOf(runsDir: string, jobId: string): number[] {
  return pids().filter((pid) =>
    textOf(`/proc/${pid}/environ`).includes(`QUANT_RUNS_RUN_DIR=${join(runsDir, jobId)}\0`),
  );
}

/** Ends what the jobs of a runs directory left running, so that no test leaves a process behind. */
export function endJobsIn(runsDir: string): void {
  for (const pid of pids()) {
    if (textOf(`/proc/${pid}/environ`).includes(`QUANT_RUNS_RUN_DIR=${runsDir}/`)) kill(pid);
  }
}

/** The process a server forks warm jobs from; undefined while there is none. */
export function templateOf(server: number): number | undefined {
  return childrenNamed(server, "--template")[0];
}

/** The process that starts all jobs of a server cold; undefined while there is none. */
export function launcherOf(server: number): number | undefined {
  return childrenNamed(server, "--launcher")[0];
}

export function childrenOf(parent: number): number[] {
  return pids().filter(
    (pid) => Number(textOf(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ")[1]) === parent,
  );
}

/** The processes of a parent's in whose command line this stands. */
export function childrenNamed(parent: number, part: string): number[] {
  return childrenOf(parent).filter((pid) => textOf(`/proc/${pid}/cmdline`).includes(part));
}

/** Whether a process runs: one that has ended has no command line, though nobody may have waited for it yet. */
export function isAlive(pid: number): boolean {
  return textOf(`/proc/${pid}/cmdline`) !== "";
}

/** Whether a process has ended and its parent, which could, has not waited for it yet. */
export function isZombie(pid: number): boolean {
  return textOf(`/proc/${pid}/stat`).split(") ").at(-1)?.[0] === "Z";
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return; // gone by itself
  }
}

function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // gone, a zombie, or another user's
  }
}

/** The claim of a job: which process runs it. */
export function claimOf(
  runsDir: string,
  jobId: string,
): { pid: number; start_time_ticks: number; claimed_at: string } {
  return JSON.parse(readFileSync(join(runsDir, jobId, "claim"), "utf8"));
}

/** What the shim recorded last. */
export function exitOf(runsDir: string, jobId: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(runsDir, jobId, "exit.json"), "utf8"));
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(textOf(`/proc/${pid}/status`))?.[1]) * 1024;
}

/** What the descriptors of a process stand for. */
export function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      return []; // closed meanwhile
    }
  });
}
