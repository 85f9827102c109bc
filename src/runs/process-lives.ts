import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import type { ProcessIdentity } from "../jobs/job.ts";
import { errorCode } from "./record-file.ts";

/** Whether a process still runs: pid, start time and boot id must all agree, a pid alone proves nothing. */
export async function processLives(identity: ProcessIdentity): Promise<boolean> {
  if (identity.host !== hostname() || identity.start_time_ticks === null) return false;
  if ((await bootId()) !== identity.boot_id) return false;
  const facts = await procFile(`/proc/${identity.pid}/stat`);
  const fields = fieldsAfterName(facts);
  return fields[0] !== "Z" && Number(fields[19]) === identity.start_time_ticks;
}

/** Why a process that should be there is not. */
export async function causeOfLoss(
  identity: ProcessIdentity,
): Promise<"shim killed" | "host rebooted" | "other host"> {
  if (identity.host !== hostname()) return "other host";
  return (await bootId()) === identity.boot_id ? "shim killed" : "host rebooted";
}

async function bootId(): Promise<string | null> {
  return (await procFile("/proc/sys/kernel/random/boot_id")).trim() || null;
}

/** Fields 3 and on of proc_pid_stat(5); the name before them may hold spaces and parentheses. */
function fieldsAfterName(facts: string): readonly string[] {
  const end = facts.lastIndexOf(")");
  return end === -1 ? [] : facts.slice(end + 2).split(" ");
}

async function procFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes(errorCode(error) ?? "")) return ""; // no such process, or no /proc
    throw error;
  }
}
