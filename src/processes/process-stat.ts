import { procText, procTextNow } from "./proc.ts";

/** One process as proc_pid_stat(5) tells it; times are in clock ticks. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** It has ended and waits to be reaped: a zombie. */
  readonly hasEnded: boolean;
  /** User and system time of its own. */
  readonly ownTicks: number;
  /** The same of its children that have ended and were waited for, and of theirs. */
  readonly reapedTicks: number;
  /** When it was started, since boot: with the pid this names the process and no later one. */
  readonly startTimeTicks: number;
}

/** Undefined when there is no such process, or no /proc. */
export async function readStat(pid: number): Promise<ProcessStat | undefined> {
  return parseStat(pid, await procText(`/proc/${pid}/stat`));
}

/** The same within this turn of the event loop, for a signal that goes out in it, or one process that is looked for. */
export function readStatNow(pid: number): ProcessStat | undefined {
  return parseStat(pid, procTextNow(`/proc/${pid}/stat`));
}

/** Fields have the numbers of the manual's page; the name, field 2, may hold spaces and parentheses. */
function parseStat(pid: number, text: string): ProcessStat | undefined {
  const end = text.lastIndexOf(")");
  if (end === -1) return undefined;
  const fields = text.slice(end + 2).split(" ");
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid,
    parent: field(4),
    hasEnded: fields[0] === "Z" || fields[0] === "X",
    ownTicks: field(14) + field(15),
    reapedTicks: field(16) + field(17),
    startTimeTicks: field(22),
  };
}
