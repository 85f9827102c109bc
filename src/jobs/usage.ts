import { z } from "zod";

/** What a job uses of the machine while it runs, and what it used once it has ended. */
export const Usage = z
  .object({
    cpu_seconds: z
      .number()
      .describe(
        "Processor time in seconds: user and system time of all its processes, those that have ended and were " +
          "waited for included.",
      ),
    memory_bytes: z
      .int()
      .nullable()
      .describe(
        "Resident memory now, in bytes, summed over its processes: pages that two of them share count twice. " +
          "Null once it has ended.",
      ),
    peak_memory_bytes: z
      .int()
      .nullable()
      .describe(
        "The most memory that any one of its processes had resident, in bytes (ru_maxrss in getrusage(2)). " +
          "Null while it runs.",
      ),
    processes: z.int().nullable().describe("How many processes of it live now; null once it has ended."),
  })
  .meta({ id: "Usage", description: "What a job uses of processor and memory." });

export type Usage = z.infer<typeof Usage>;
