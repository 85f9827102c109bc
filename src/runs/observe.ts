import { dirname } from "node:path";
import { probeAlive } from "./alive.ts";
import { type Claim, readClaim, type ShimClaim } from "./claim.ts";
import { type Ending, readEnding } from "./exit-record.ts";
import { causeOfLoss, lifeOf } from "./process-lives.ts";
import { exists, sound } from "./record-file.ts";
import { expectPresent, fileOf } from "./run-directory.ts";

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

/** Somebody else may hold the FIFO, a backup that reads whatever it finds: that keeps no dead shim alive. */
async function shimLives(directory: string, claim: ShimClaim | "free" | "unwritten"): Promise<boolean> {
  const alive = await probeAlive(directory);
  if (alive === "released") return false;
  const life = typeof claim === "object" ? await lifeOf(claim) : "unknown";
  return life === "unknown" ? alive === "held" : life === "lives";
}

/** A claim that cannot be read is still a claim: such a job is never started again. */
async function soundClaim(directory: string): Promise<Claim | "free" | "unwritten"> {
  return (await sound<Claim | "free" | "unwritten">(readClaim(directory))) ?? "unwritten";
}

async function kindOfUnclaimed(directory: string): Promise<"pending" | "original" | "gone"> {
  if (await exists(fileOf(directory, "job"))) return "pending";
  if (await exists(fileOf(directory, "status"))) return "original";
  await expectPresent(dirname(directory));
  return "gone";
}
