import { dirname } from "node:path";
import { causeOfLoss, lifeOf } from "../processes/process-lives.ts";
import { probeAlive } from "./alive.ts";
import { type Claim, readClaim, type ServerClaim, type ShimClaim } from "./claim.ts";
import { type Ending, readEnding } from "./exit-record.ts";
import { exists, sound } from "./record-file.ts";
import { expectPresent, fileOf } from "./run-directory.ts";
import { readStatus } from "./status-record.ts";

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
  /** `isRecorded`: exit.json says so itself. */
  | { readonly kind: "ended"; readonly ending: Ending; readonly isRecorded: boolean }
  | Lost
  | { readonly kind: "original" }
  | { readonly kind: "gone" };

/**
 * The recovery table: where a job stands, from its claim, its shim and its exit record. The last record of a shim that
 * is gone says all. Else the claim is read before the shim is looked for: a shim opens `alive` before it claims, so a
 * claim without a living shim is no race but the shim's end. A job can delete its claim: that makes it no other job, and
 * nobody may start it while its shim lives.
 */
export async function observe(directory: string): Promise<Observation> {
  if ((await probeAlive(directory)) === "released") {
    const ending = await sound(readEnding(directory));
    if (ending !== undefined) return { kind: "ended", ending, isRecorded: true };
  }
  const claim = await soundClaim(directory);
  if (typeof claim === "object" && claim.holder === "server") return observeClaimed(directory, claim);
  if (await shimLives(directory, claim)) {
    return typeof claim === "object" ? { kind: "running", claim } : { kind: "claiming" };
  }
  const ending = await sound(readEnding(directory));
  if (ending !== undefined) return { kind: "ended", ending, isRecorded: true };
  if (claim === "free") return observeUnclaimed(directory);
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

/** A job that the server ended before it could start. While a shim lives, the job itself may have written that claim. */
async function observeClaimed(directory: string, claim: ServerClaim): Promise<Observation> {
  if ((await probeAlive(directory)) === "held") return { kind: "claiming" };
  const ending = await sound(readEnding(directory));
  return { kind: "ended", ending: ending ?? claim.ending, isRecorded: ending !== undefined };
}

async function observeUnclaimed(directory: string): Promise<Observation> {
  if (await exists(fileOf(directory, "job"))) {
    return (await hasLostItsClaim(directory))
      ? { kind: "lost", started_at: null, cause: "unknown" }
      : { kind: "pending" };
  }
  if (await exists(fileOf(directory, "status"))) return { kind: "original" };
  await expectPresent(dirname(directory));
  return { kind: "gone" };
}

/** A shim claims before it says `running`: a job that says so without a claim, asked for once more, has deleted it. */
async function hasLostItsClaim(directory: string): Promise<boolean> {
  if ((await readStatus(directory))?.fields.status !== "running") return false;
  return (await soundClaim(directory)) === "free";
}
