import { z } from "zod";

/** How a job was stopped: the receipt of a cancel or a deadline. */
export const Termination = z
  .object({
    reason: z.enum(["cancelled", "timeout"]).describe("Why the job was stopped."),
    requested_by: z
      .string()
      .describe("Who asked: a client's address, a signal, or the limit that was reached."),
    requested_at: z.string().describe("When it was asked for."),
    signals: z
      .array(
        z.object({
          signal: z.string().describe("Name of the signal, such as SIGTERM."),
          sent_at: z.string().describe("When it was sent."),
          processes: z.int().describe("How many processes got it."),
        }),
      )
      .describe("Signals that were sent, in order."),
    processes: z.int().describe("How many processes of the job there were when it was stopped."),
    survivors: z.int().nullable().describe("How many were left at the end: 0; null while it is under way."),
  })
  .meta({ id: "Termination", description: "How a job was stopped." });

export type Termination = z.infer<typeof Termination>;
