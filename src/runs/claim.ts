import { z } from "zod";
import type { Running } from "../jobs/job.ts";
import { now } from "../jobs/timestamp.ts";
import { Ending } from "./exit-record.ts";
import { createWhole, type Durability, errorCode, parseRecord, readText } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

export const ShimClaim = z.object({
  holder: z.literal("shim"),
  claimed_at: z.string(),
  pid: z.int().positive(),
  start_time_ticks: z.int().nullable(),
  boot_id: z.string().nullable(),
  pid_namespace: z.string().nullable().default(null),
  host: z.string(),
});

const ServerClaim = z.object({ holder: z.literal("server"), claimed_at: z.string(), ending: Ending });

/** Who has taken a job: the shim that runs it, or the server, which ended it before it could start. */
export const Claim = z.discriminatedUnion("holder", [ShimClaim, ServerClaim]);
export type Claim = z.infer<typeof Claim>;
export type ShimClaim = z.infer<typeof ShimClaim>;
export type ServerClaim = z.infer<typeof ServerClaim>;

/** The state of a job that its shim has claimed. */
export function runningState({ claimed_at, ...claim }: ShimClaim): Running {
  const { pid, start_time_ticks, boot_id, pid_namespace, host } = claim;
  return {
    status: "running",
    started_at: claimed_at,
    shim: { pid, start_time_ticks, boot_id, pid_namespace, host },
  };
}

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

/**
 * Takes the claim so that the job never starts, and says in it how the job ends. False when somebody else was first, or
 * the run directory is gone.
 */
export async function claimForServer(
  directory: string,
  ending: Ending,
  durability: Durability,
): Promise<boolean> {
  const claim: Claim = { holder: "server", claimed_at: now(), ending };
  try {
    const text = `${JSON.stringify({ version: 1, ...claim }, null, 2)}\n`;
    await createWhole(fileOf(directory, "claim"), text, durability);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST" || errorCode(error) === "ENOENT") return false;
    throw error;
  }
}
