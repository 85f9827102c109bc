import { createHash } from "node:crypto";
import { z } from "zod";

/** By what a client that sends a request once more is known, and what it asked for the first time. */
export const Submission = z.object({ key: z.string(), digest: z.string() });
export type Submission = z.infer<typeof Submission>;

/** @param body the request's, letter by letter */
export function submissionOf(key: string, body: string): Submission {
  return { key, digest: createHash("sha256").update(body).digest("base64url") };
}

/** Keys of different clients have nothing to do with each other; no token's name holds a space. */
export function keyOf(submittedBy: string | null, { key }: Submission): string {
  return `${submittedBy ?? ""} ${key}`;
}
