import { readlink } from "node:fs/promises";
import type { ProcessIdentity } from "../jobs/job.ts";
import { pids, procText, readEach } from "./proc.ts";
import { readStat } from "./process-stat.ts";

/** What was found for processes of other pid namespaces: what cannot be seen from here at first never can. */
const found = new Map<string, number | undefined>();

/** So that those of jobs long ended do not fill the memory; what is forgotten is looked for again. */
const mostKept = 10_000;

/**
 * The pid that a process of another pid namespace has among those of this server, as a job in a sandbox has one;
 * undefined when there is none to be seen, as in a container beside this one (pid_namespaces(7)).
 */
export async function pidHere(identity: ProcessIdentity): Promise<number | undefined> {
  const key = `${identity.pid_namespace} ${identity.pid} ${identity.start_time_ticks}`;
  if (!found.has(key)) {
    const look = await readEach(await pids(), async (pid) => ((await isSame(pid, identity)) ? [pid] : []));
    if (found.size >= mostKept) found.clear();
    found.set(key, look.flat()[0]);
  }
  return found.get(key);
}

/** The start time is the cheapest to read, and tells nearly all apart. */
async function isSame(pid: number, identity: ProcessIdentity): Promise<boolean> {
  if ((await readStat(pid))?.startTimeTicks !== identity.start_time_ticks) return false;
  const innermost = /^NSpid:.*\s(\d+)$/m.exec(await procText(`/proc/${pid}/status`))?.[1];
  if (Number(innermost) !== identity.pid) return false;
  const namespace = await readlink(`/proc/${pid}/ns/pid`).catch(() => undefined); // gone, or another user's
  return namespace === identity.pid_namespace;
}
