import { readlink } from "node:fs/promises";
import { hostname } from "node:os";
import type { ProcessIdentity } from "../jobs/job.ts";
import { procText } from "./proc.ts";
import { readStat, readStatNow } from "./process-stat.ts";

/**
 * Whether a process still runs: pid, start time and boot id must all agree, a pid alone proves nothing. Of a process on
 * another machine, or among the pids of another container, nothing is known here (pid_namespaces(7)).
 */
export async function lifeOf(identity: ProcessIdentity): Promise<"lives" | "gone" | "unknown"> {
  if (identity.host !== hostname() || identity.start_time_ticks === null) return "unknown";
  const here = await ownPlace();
  if (here.bootId !== identity.boot_id) return "gone";
  const found = await readStat(identity.pid);
  if (found?.startTimeTicks === identity.start_time_ticks && !found.hasEnded) return "lives";
  return here.pidNamespace === identity.pid_namespace ? "gone" : "unknown";
}

/** Whether a process is known to run. */
export async function processLives(identity: ProcessIdentity): Promise<boolean> {
  return (await lifeOf(identity)) === "lives";
}

/** Signals a process that is proven to be the one meant; look and signal in one turn. False when it is not there. */
export async function signalProven(identity: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await processLives(identity))) return false;
  try {
    const isMeant = readStatNow(identity.pid)?.startTimeTicks === identity.start_time_ticks;
    return isMeant && process.kill(identity.pid, signal);
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
