import { z } from "zod";

const seconds = (most: number) => z.number().max(most);

/** A year: longer than any job, short enough for every timer. */
const longest = 365 * 24 * 3600;

/** Default of `cancel_grace_seconds`. */
export const defaultGraceSeconds = 10;

/** How long a job may run, be silent, and take to end when it is told to. */
export const Limits = z.object({
  timeout_seconds: seconds(longest)
    .positive()
    .nullable()
    .describe("Seconds the job may run before it is stopped; null for no limit."),
  silence_timeout_seconds: seconds(longest)
    .positive()
    .nullable()
    .describe(
      "Seconds without a byte on stdout or stderr after which the job is stopped; null for no limit.",
    ),
  cancel_grace_seconds: seconds(3600)
    .nonnegative()
    .describe("Seconds between SIGTERM and SIGKILL when the job is stopped, 0 to 3600."),
});
export type Limits = z.infer<typeof Limits>;
