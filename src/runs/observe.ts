import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import { probeAlive } from "./alive.ts";
import { type Claim, readClaim, type ShimClaim } from "./claim.ts";
import { type Ending, readEnding } from "./exit-record.ts";
import { causeOfLoss, processLives } from "./process-lives.ts";
import { sound } from "./record-file.ts";
import { eventsFolder, fileOf } from "./run-directory.ts";

/** A job whose shim vanished without a record. */
export interface Lost {
  readonly kind: "lost";
  readonly started_at: string | null;
  readonly cause: "shim killed" | "host rebooted" | "other host" | "unknown";
}

/** What the disk and the kernel say of one job. */
export type Observation =
  | { readonly kind: "pending" }
  | { readonly kind: "claiming" }
  | { readonly kind: "running"; readonly claim: ShimClaim }
  | { readonly kind: "ended"; readonly ending: Ending }
  | Lost
  | { readonly kind: "original" }
  | { readonly kind: "gone" };

/**
 * The recovery table: where a job stands, from its claim, its shim and its exit record. The claim is read first: a shim
 * opens `alive` before it claims, so a claim without a living shim is no race but the shim's end. A job can delete its
 * claim: that makes it no other job, and nobody may start it while its shim lives.
 */
export async function observe(directory: string): Promise<Observation> {
  const claim = await soundClaim(directory);
  if (typeof claim === "object" && claim.holder === "server") return { kind: "ended", ending: claim.ending };
  if (await shimLives(directory, claim)) {
    return typeof claim === "object" ? { kind: "running", claim } : { kind: "claiming" };
  }
  const ending = await sound(readEnding(directory));
  if (ending !== undefined) return { kind: "ended", ending };
  if (claim === "free") return { kind: await kindOfUnclaimed(directory) };
  if (claim === "unwritten") return { kind: "lost", started_at: null, cause: "unknown" };
  return { kind: "lost", started_at: claim.claimed_at, cause: await causeOfLoss(claim) };
}

async function shimLives(directory: string, claim: ShimClaim | "free" | "unwritten"): Promise<boolean> {
  const alive = await probeAlive(directory);
  if (alive !== "missing") return alive === "held";
  return typeof claim === "object" && (await processLives(claim));
}

/** A claim that cannot be read is still a claim: such a job is never started again. */
async function soundClaim(directory: string): Promise<Claim | "free" | "unwritten"> {
  return (await sound<Claim | "free" | "unwritten">(readClaim(directory))) ?? "unwritten";
}

async function kindOfUnclaimed(directory: string): Promise<"pending" | "original" | "gone"> {
  if (await exists(fileOf(directory, "job"))) return "pending";
  if (await exists(fileOf(directory, "status"))) return "original";
  if (await exists(join(dirname(directory), eventsFolder))) return "gone";
  throw new Error(`${dirname(directory)} is away: what happened to its jobs cannot be said until it is back`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false; // not there, or not for us: either way nothing to go by
  }
}
