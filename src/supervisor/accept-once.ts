import { keyOf } from "../jobs/submission.ts";
import { type Accepted, acceptJob, type Wish } from "./accept.ts";
import type { Scope } from "./scope.ts";

/** A client has used its key before, for another request. */
export class SubmissionDiffers extends Error {
  override readonly name = "SubmissionDiffers";
}

/**
 * Accepts a job, or where its client sends the same request once more, tells of the one that was accepted then: on disk,
 * so that a restart changes nothing, or this very moment.
 * @throws SubmissionDiffers, and what acceptJob throws
 */
export async function acceptOnce(scope: Scope, wish: Wish): Promise<Accepted & { isRepeated: boolean }> {
  const { submission } = wish;
  if (submission === null) return { ...(await acceptJob(scope, wish)), isRepeated: false };
  const key = keyOf(wish.submitted_by, submission);
  const earlier = scope.index.submittedBy(key) ?? scope.submitting.get(key);
  if (earlier === undefined) return { ...(await acceptKeyed(scope, wish, key)), isRepeated: false };
  if (earlier.digest !== submission.digest) throw new SubmissionDiffers(submission.key);
  return { ...(await earlier.accepted), isRepeated: true };
}

/** A request that was refused leaves its key free. */
async function acceptKeyed(scope: Scope, wish: Wish, key: string): Promise<Accepted> {
  const accepted = acceptJob(scope, wish);
  scope.submitting.set(key, { digest: wish.submission?.digest ?? "", accepted });
  try {
    return await accepted;
  } finally {
    scope.submitting.delete(key);
  }
}
