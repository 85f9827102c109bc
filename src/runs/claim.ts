import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { z } from "zod";
import { now } from "../jobs/timestamp.ts";
import { Ending } from "./exit-record.ts";
import { createFile, errorCode, parseRecord, readText } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

const ShimClaim = z.object({
  holder: z.literal("shim"),
  claimed_at: z.string(),
  pid: z.int().positive(),
  start_time_ticks: z.int().nullable(),
  boot_id: z.string().nullable(),
  host: z.string(),
});

const ServerClaim = z.object({ holder: z.literal("server"), claimed_at: z.string(), ending: Ending });

/** Who has taken a job: the shim that runs it, or the server, which ended it before it could start. */
export const Claim = z.discriminatedUnion("holder", [ShimClaim, ServerClaim]);
export type Claim = z.infer<typeof Claim>;
export type ShimClaim = z.infer<typeof ShimClaim>;

/**
 * The claim of a run directory; `"free"` when nobody holds it, `"unwritten"` when it was taken this instant.
 * @throws CorruptRecord when it is damaged
 */
export async function readClaim(directory: string): Promise<Claim | "free" | "unwritten"> {
  const path = fileOf(directory, "claim");
  const text = await readText(path);
  if (text === undefined) return "free";
  return text.endsWith("}\n") ? parseRecord(path, text, Claim) : "unwritten";
}

/** Takes the claim so that the job never starts, and says in it how the job ends. False when somebody else was first. */
export async function claimForServer(directory: string, ending: Ending): Promise<boolean> {
  const claim: Claim = { holder: "server", claimed_at: now(), ending };
  try {
    await createFile(fileOf(directory, "claim"), `${JSON.stringify({ version: 1, ...claim }, null, 2)}\n`);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Whether the claim's process still runs: pid, start time and boot id must all agree, a pid alone proves nothing. */
export async function processLives(claim: ShimClaim): Promise<boolean> {
  if (claim.host !== hostname() || claim.start_time_ticks === null) return false;
  const bootId = await procFile("/proc/sys/kernel/random/boot_id");
  const facts = await procFile(`/proc/${claim.pid}/stat`);
  if (bootId.trim() !== claim.boot_id) return false;
  const fields = fieldsAfterName(facts);
  return fields[0] !== "Z" && Number(fields[19]) === claim.start_time_ticks;
}

/** Fields 3 and on of proc_pid_stat(5); the name before them may hold spaces and parentheses. */
function fieldsAfterName(facts: string): readonly string[] {
  const end = facts.lastIndexOf(")");
  return end === -1 ? [] : facts.slice(end + 2).split(" ");
}

async function procFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return ""; // no such process, or no /proc on this system: no proof of life
  }
}
