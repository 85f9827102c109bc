import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second, in which the kernel counts processor time for everyone (proc_pid_stat(5)). */
const ticksPerSecond = 100;

/** The text of a file of /proc; empty when the process is gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // gone meanwhile
  }
}

/** Fields of /proc/PID/stat behind the name, which may hold anything. */
function statOf(pid: number): string[] {
  const text = textOf(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

/** Seconds of processor time that a process has used, its own threads only. */
export function processorSeconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory of a process, in MB. */
export function residentMegabytes(pid: number): number {
  return (Number(/VmRSS:\s+(\d+) kB/.exec(textOf(`/proc/${pid}/status`))?.[1]) * 1024) / 1e6;
}

/** What some lines of /proc/PID/smaps_rollup say together for some processes, in MB. */
export function mappedMegabytes(pids: readonly number[], ...names: readonly string[]): number {
  const kilobytes = pids.flatMap((pid) => {
    const text = textOf(`/proc/${pid}/smaps_rollup`);
    return names.map((name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0));
  });
  return (kilobytes.reduce((sum, each) => sum + each, 0) * 1024) / 1e6;
}

/**
 * A process and all that it and its children started and that still live with it as an ancestor.
 * @param others who do not count as its children, nor what they started
 */
export function familyOf(pid: number, others: ReadonlySet<number> = new Set()): number[] {
  const children = Map.groupBy(pids(), (each) => Number(statOf(each)[1]));
  const family = [pid];
  for (const member of family)
    family.push(...(children.get(member) ?? []).filter((child) => !others.has(child)));
  return family;
}

function pids(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
