import { z } from "zod";

/** Why a job failed, and how its process ended. */
export const Failure = z
  .object({
    reason: z
      .enum(["exception", "entrypoint", "crashed", "cancelled", "timeout", "memory", "lost"])
      .describe(
        "exception: the callable raised. entrypoint: it cannot be imported, found or called. crashed: its process " +
          "died or exited before it had answered. cancelled, timeout: it was stopped. memory: there was none left " +
          "within its limit memory_bytes. lost: its shim vanished without a record.",
      ),
    exit_code: z
      .int()
      .nullable()
      .describe("Exit code of the process, 0 to 255; null when a signal ended it or it is not known."),
    signal: z
      .string()
      .nullable()
      .describe("Name of the signal that ended the process, such as SIGKILL; null when it exited."),
    type: z.string().nullable().describe("Class of the exception, where there was one."),
    traceback: z.string().nullable().describe("The exception's traceback; stderr.log has it too."),
  })
  .meta({ id: "Failure", description: "How a failed job failed." });

export type Failure = z.infer<typeof Failure>;

/** A failure of which nothing is known but its reason. */
export function bareFailure(reason: Failure["reason"]): Failure {
  return { reason, exit_code: null, signal: null, type: null, traceback: null };
}
