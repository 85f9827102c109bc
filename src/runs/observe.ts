import { access } from "node:fs/promises";
import { probeAlive } from "./alive.ts";
import { type Claim, readClaim, type ShimClaim } from "./claim.ts";
import { type Ending, readEnding } from "./exit-record.ts";
import { causeOfLoss, processLives } from "./process-lives.ts";
import { sound } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

/** A job whose shim vanished without a record. */
export interface Lost {
  readonly kind: "lost";
  readonly started_at: string | null;
  readonly cause: "shim killed" | "host rebooted" | "other host" | "unknown";
}

/** What the disk and the kernel say of one job. */
export type Observation =
  | { readonly kind: "pending" }
  | { readonly kind: "running"; readonly claim: ShimClaim }
  | { readonly kind: "ended"; readonly ending: Ending }
  | Lost
  | { readonly kind: "original" }
  | { readonly kind: "gone" };

/**
 * The recovery table: where a job stands, from its claim, its shim and its exit record. The claim is read first: a shim
 * opens `alive` before it claims, so a claim without a living shim is no race but the shim's end.
 */
export async function observe(directory: string): Promise<Observation> {
  const claim = await soundClaim(directory);
  if (claim === "free") return { kind: await kindOfUnclaimed(directory) };
  if (typeof claim === "object" && claim.holder === "server") return { kind: "ended", ending: claim.ending };
  if (await shimLives(directory, claim)) {
    return typeof claim === "object" ? { kind: "running", claim } : { kind: "pending" };
  }
  const ending = await sound(readEnding(directory));
  if (ending !== undefined) return { kind: "ended", ending };
  if (claim === "unwritten") return { kind: "lost", started_at: null, cause: "unknown" };
  return { kind: "lost", started_at: claim.claimed_at, cause: await causeOfLoss(claim) };
}

async function shimLives(directory: string, claim: ShimClaim | "unwritten"): Promise<boolean> {
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
  return (await exists(fileOf(directory, "status"))) ? "original" : "gone";
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false; // not there, or not for us: either way nothing to go by
  }
}
