import { readlink } from "node:fs/promises";
import { hostname } from "node:os";
import type { ProcessIdentity } from "../jobs/job.ts";
import { pidHere } from "./pid-here.ts";
import { procText } from "./proc.ts";
import { readStatNow } from "./process-stat.ts";

/**
 * Whether a process still runs: pid, start time and boot id must all agree, a pid alone proves nothing. Of a process on
 * another machine, or of a container that cannot be seen into from here, nothing is known (pid_namespaces(7)).
 */
export async function lifeOf(identity: ProcessIdentity): Promise<"lives" | "gone" | "unknown"> {
  if (identity.host !== hostname() || identity.start_time_ticks === null) return "unknown";
  const here = await ownPlace();
  if (here.bootId !== identity.boot_id) return "gone";
  const found = readStatNow(await pidToLookAt(identity));
  if (found?.startTimeTicks === identity.start_time_ticks && !found.hasEnded) return "lives";
  return here.pidNamespace === identity.pid_namespace ? "gone" : "unknown";
}

/** The pid by which this server may know a process; whether it is the one meant must still be proven. */
export async function pidToLookAt(identity: ProcessIdentity): Promise<number> {
  const { pidNamespace } = await ownPlace();
  const isOwn = identity.pid_namespace === null || identity.pid_namespace === pidNamespace;
  return isOwn ? identity.pid : ((await pidHere(identity)) ?? identity.pid);
}

/** Whether a process is known to run. */
export async function processLives(identity: ProcessIdentity): Promise<boolean> {
  return (await lifeOf(identity)) === "lives";
}

/** Signals a process that is proven to be the one meant; look and signal in one turn. False when it is not there. */
export async function signalProven(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await processLives(identity))) return false;
  const pid = await pidToLookAt(identity);
  try {
    const isMeant = readStatNow(pid)?.startTimeTicks === identity.start_time_ticks;
    return isMeant && process.kill(pid, signal);
  } catch {
    return false; // it ended between the two looks
  }
}

/** Why a process that should be there is not. */
export async function causeOfLoss(
  identity: ProcessIdentity,
): Promise<"shim killed" | "host rebooted" | "other host"> {
  if (identity.host !== hostname()) return "other host";
  return (await ownPlace()).bootId === identity.boot_id ? "shim killed" : "host rebooted";
}

interface Place {
  readonly bootId: string | null;
  readonly pidNamespace: string | undefined;
}

let place: Place | undefined;

/** The boot and the pid namespace this server runs in, neither of which changes while it does. */
async function ownPlace(): Promise<Place> {
  place ??= {
    bootId: (await procText("/proc/sys/kernel/random/boot_id")).trim() || null,
    pidNamespace: await readlink("/proc/self/ns/pid").catch(() => undefined), // no /proc: then nothing is known
  };
  return place;
}
