import { z } from "zod";

/** How far a job is, as it says itself or as the bar in its log shows; null stands for what is not told. */
export const Progress = z
  .object({
    fraction: z.number().min(0).max(1).nullable().describe("Done share of the work, from 0 to 1."),
    current: z.number().nonnegative().nullable().describe("Done units of the work."),
    total: z.number().nonnegative().nullable().describe("All units of the work."),
    rate: z.number().nonnegative().nullable().describe("Units per second."),
    eta_seconds: z.number().nonnegative().nullable().describe("Seconds left, as far as can be foreseen."),
    text: z.string().nullable().describe("One line for a person: the bar as it was printed, or a message."),
  })
  .meta({ id: "Progress", description: "How far a job is, by its own account or by the bar in its log." });

export type Progress = z.infer<typeof Progress>;
