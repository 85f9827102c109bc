import type { ProcessIdentity } from "../jobs/job.ts";
import type { Usage } from "../jobs/usage.ts";
import { pids, procText, readEach } from "./proc.ts";
import { pidToLookAt, processLives } from "./process-lives.ts";
import { type ProcessStat, readStat } from "./process-stat.ts";

/**
 * USER_HZ, the unit in which proc_pid_stat(5) gives times, sysconf(3) _SC_CLK_TCK: 100 for every program on the
 * architectures that Node runs on.
 */
const ticksPerSecond = 100;

/**
 * What a running job uses now: everything that descends from its shim, and what the shim has reaped of it. Null when the
 * shim is not proven to live, or is younger than the look at /proc that this call shares. A process that ends during the
 * look may be missing from the time of its job, or be counted twice in it: the kernel shows no two of them at one moment.
 */
export async function treeUsage(shim: ProcessIdentity): Promise<Usage | null> {
  if (!(await processLives(shim))) return null;
  const found = await everyProcess();
  const rootPid = await pidToLookAt(shim);
  const root = found.find(
    ({ pid, startTimeTicks }) => pid === rootPid && startTimeTicks === shim.start_time_ticks,
  );
  return root === undefined ? null : usageBelow(root, descendantsOf(root, found));
}

let look: Promise<readonly ProcessStat[]> | undefined;

/** One look at /proc at a time: who comes while it is under way gets what comes of it. */
function everyProcess(): Promise<readonly ProcessStat[]> {
  look ??= readEveryProcess().finally(() => {
    look = undefined;
  });
  return look;
}

async function readEveryProcess(): Promise<ProcessStat[]> {
  const found = await readEach(await pids(), readStat);
  return found.filter((process) => process !== undefined);
}

/** Nearest first. The root is nobody's child here: pids that passed on during the look could else make a ring. */
function descendantsOf(root: ProcessStat, all: readonly ProcessStat[]): ProcessStat[] {
  const children = Map.groupBy(all, (process) => (process === root ? undefined : process.parent));
  const found = [...(children.get(root.pid) ?? [])];
  for (const { pid } of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** A zombie is no process any more, but nobody else accounts for its time yet. */
async function usageBelow(root: ProcessStat, below: readonly ProcessStat[]): Promise<Usage> {
  const living = below.filter(({ hasEnded }) => !hasEnded).map(({ pid }) => pid);
  const ticks = below.map(({ ownTicks, reapedTicks }) => ownTicks + reapedTicks);
  return {
    cpu_seconds: sum([root.reapedTicks, ...ticks]) / ticksPerSecond,
    memory_bytes: sum(await readEach(living, residentBytes)),
    peak_memory_bytes: null,
    processes: living.length,
  };
}

/** VmRSS of proc_pid_status(5); 0 for a process that has ended meanwhile. */
async function residentBytes(pid: number): Promise<number> {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await procText(`/proc/${pid}/status`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
