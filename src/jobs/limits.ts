import { z } from "zod";

const seconds = (most: number) => z.number().max(most);
/** Described within and without: who unwraps the default takes the description along. */
const count = (least: number, most: number, description: string) =>
  z.int().min(least).max(most).nullable().describe(description).default(null).describe(description);

/** A year: longer than any job, short enough for every timer. */
const longest = 365 * 24 * 3600;

/** Default of `cancel_grace_seconds`. */
const defaultGraceSeconds = 10;

/** What a job may use: time, and what its control group or setrlimit(2) bounds. Records of before it bounded anything name no more than time. */
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
  memory_bytes: count(
    16 * 1024 * 1024,
    2 ** 50,
    "Bytes of memory that the job may use in a control group, or else of address space for each of its processes " +
      "(RLIMIT_AS); null for no limit.",
  ),
  cpu_seconds: count(
    1,
    longest,
    "Seconds of processor time that each process of the job may use (RLIMIT_CPU); null for no limit.",
  ),
  open_files: count(
    16,
    2 ** 20,
    "Files that each process of the job may have open (RLIMIT_NOFILE); null for no limit.",
  ),
  file_bytes: count(
    0,
    2 ** 50,
    "Bytes that each file which the job writes may have, its logs too (RLIMIT_FSIZE); null for no limit.",
  ),
  processes: count(
    1,
    2 ** 20,
    "Processes and threads that the job may have in a control group, or else its user when it starts another " +
      "(RLIMIT_NPROC); null for no limit.",
  ),
});
export type Limits = z.infer<typeof Limits>;

/** What a job has that was given no limit. */
export const noLimits: Limits = Object.freeze({
  timeout_seconds: null,
  silence_timeout_seconds: null,
  cancel_grace_seconds: defaultGraceSeconds,
  memory_bytes: null,
  cpu_seconds: null,
  open_files: null,
  file_bytes: null,
  processes: null,
});
