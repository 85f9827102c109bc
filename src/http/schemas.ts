import { z } from "zod";
import { entrypointForm } from "../jobs/entrypoint.ts";
import { Failure } from "../jobs/failure.ts";
import { JobEnvironment } from "../jobs/job-environment.ts";
import { Labels } from "../jobs/labels.ts";
import { Limits } from "../jobs/limits.ts";
import { Progress } from "../jobs/progress.ts";
import { statuses } from "../jobs/status.ts";
import { Termination } from "../jobs/termination.ts";
import { microseconds } from "../jobs/timestamp.ts";
import { Usage } from "../jobs/usage.ts";
import { isJsonObject } from "../json.ts";

const timestamp = (description: string) =>
  z.string().describe(description).meta({ format: "date-time", example: "2026-01-02T03:04:05.678901+00:00" });

export const JobId = z
  .string()
  .describe("The job's id; opaque.")
  .meta({ example: "20261123-152233-k3v9x2w8qa" });

/** Parameters are checked to be an object and kept as they are: a copy by a schema would lose `__proto__` or `1.0`. */
const Parameters = z
  .custom<Record<string, unknown> | null>(
    (value) => value === null || isJsonObject(value),
    "must be a JSON object, or be left out",
  )
  .meta({
    type: ["object", "null"],
    additionalProperties: true,
    description: "Keyword arguments of the callable, passed on unchanged. Absent or null is {}.",
    example: { symbol: "EURUSD", fast: 20, slow: 100 },
  });

/** Every limit may be left out: the server's defaults apply. */
export const LimitsRequest = z.object({
  timeout_seconds: Limits.shape.timeout_seconds.optional(),
  silence_timeout_seconds: Limits.shape.silence_timeout_seconds.optional(),
  cancel_grace_seconds: Limits.shape.cancel_grace_seconds.nullish(),
  memory_bytes: Limits.shape.memory_bytes.unwrap().optional(),
  cpu_seconds: Limits.shape.cpu_seconds.unwrap().optional(),
  open_files: Limits.shape.open_files.unwrap().optional(),
  file_bytes: Limits.shape.file_bytes.unwrap().optional(),
  processes: Limits.shape.processes.unwrap().optional(),
});

export const JobRequest = z
  .object(
    {
      parameters: Parameters.optional(),
      entrypoint: z
        .string("must be a string, or be left out")
        .nullish()
        .describe(`What to run, ${entrypointForm}. Absent or null is the server's own, MDPS_ENTRYPOINT.`)
        .meta({ example: "run_mdps:main" }),
      labels: Labels.nullish()
        .describe("What you call the job, to find it by: up to 32 names and values.")
        .meta({ example: { desk: "fx", run: "nightly" } }),
      env: JobEnvironment.nullish()
        .describe("Variables of the job's environment, of names that QUANT_RUNS_ALLOW_ENV permits.")
        .meta({ example: { MODEL_SEED: "7" } }),
      ...LimitsRequest.shape,
    },
    "must be a JSON object",
  )
  .meta({ id: "JobRequest", description: "A job to run." });

export const Prefer = z
  .string()
  .describe("`wait=N`: seconds to wait for the job's end (RFC 7240); told in Preference-Applied.")
  .meta({ example: "wait=30" });

export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, "Idempotency-Key must be 1 to 255 visible characters of ASCII")
  .describe(
    "Any text of the client's own, such as a UUID, by which a repeated request is known (draft-ietf-httpapi-idempotency-key-header).",
  )
  .meta({ example: "8e03978e-40d5-43dd-bc93-6894a57f9324" });

export const JobAccepted = z
  .object({
    job_id: JobId,
    status: z.literal("pending").describe("Where every job begins."),
    created_at: timestamp("When the job was accepted."),
    status_file: z.string().describe("Path of the job's status.json on the server's machine."),
  })
  .meta({ id: "JobAccepted", description: "The job is on disk and in the queue." });

export const JobResult = z
  .object({ result: z.unknown().describe("What the callable returned: any JSON value.") })
  .meta({ id: "JobResult", description: "A job's return value, always wrapped." });

export const Pin = z
  .object({ pinned: z.boolean().describe("Whether nothing may remove the run.") })
  .meta({ id: "Pin", description: "Whether a run is pinned." });

export const JobDocument = z
  .object({
    job_id: JobId,
    status: z.enum(statuses).describe("Where the job stands; `completed` and `failed` are final."),
    created_at: timestamp("When the job was accepted."),
    started_at: timestamp("When its process was started; null before.").nullable(),
    completed_at: timestamp("When it ended, or was found lost; null before.").nullable(),
    error: z.string().nullable().describe("Why it failed, for a person; null unless it did."),
    failure: Failure.nullable().optional(),
    termination: Termination.nullable().optional(),
    usage: Usage.nullable()
      .optional()
      .describe("What it uses of the machine, or used; null where nothing is known of that."),
    result: JobResult.nullable().describe(
      "The wrapped return value; null when there is none (yet), or it is larger than 1 MiB.",
    ),
    result_bytes: z.int().optional().describe("Size of a result that is larger than 1 MiB, in bytes."),
    result_url: z.string().optional().describe("Where to fetch a result that is larger than 1 MiB."),
    entrypoint: z.string().optional().describe("What was run."),
    runtime: z.string().optional().describe("The language it was run in."),
    labels: z.record(z.string(), z.string()).optional().describe("What the client calls the job."),
    parameters: z
      .record(z.string(), z.unknown())
      .nullish()
      .describe("The keyword arguments, as they were sent."),
    progress: Progress.nullable()
      .optional()
      .describe("How far a job that runs is; null when it does not tell."),
  })
  .meta({ id: "Job", description: "A job: what status.json in its run directory holds." });

const limitMessage = "must be a whole number, 0 or more";

const moment = (description: string) =>
  z.iso
    .datetime({
      offset: true,
      error: "must be a timestamp with an offset, such as 2026-01-02T03:04:05+00:00",
    })
    .transform(microseconds)
    .optional()
    .describe(description)
    .meta({ type: "string", format: "date-time" });

export const JobListQuery = z.object({
  status_filter: z
    .string()
    .optional()
    .describe(`Only jobs with this status: ${statuses.join(", ")}.`),
  limit: z
    .string()
    .regex(/^\d{1,9}$/, limitMessage)
    .default("100")
    .transform(Number)
    .describe("How many jobs at most, newest first.")
    .meta({ type: "integer", minimum: 0, maximum: 999_999_999, default: 100 }),
  entrypoint: z.string().optional().describe("Only jobs that run this."),
  label: z
    .union([z.string(), z.array(z.string())])
    .transform((texts) => [texts].flat().map((text) => /^([^:]*):(.*)$/s.exec(text)?.slice(1) ?? []))
    .pipe(z.array(z.tuple([z.string(), z.string()], "must be name:value")))
    .optional()
    .describe("Only jobs with this label, as `name:value`; given several times, with all of them.")
    .meta({ type: "array", items: { type: "string" } }),
  created_from: moment("Only jobs created then or later."),
  created_before: moment("Only jobs created before then."),
  cursor: z
    .string()
    .transform((text, context) => {
      const [, created, jobId] =
        /^(\d{1,17})\.(.{1,128})$/.exec(Buffer.from(text, "base64url").toString()) ?? [];
      if (created !== undefined && jobId !== undefined) return { created: Number(created), jobId };
      context.addIssue("must be a `next_cursor` of this list");
      return z.NEVER;
    })
    .optional()
    .describe("Where the list goes on: `next_cursor` of the answer before. Keep the other parameters.")
    .meta({ type: "string" }),
});

export const FileList = z
  .object({
    files: z
      .array(
        z.object({
          path: z.string().describe("Where the file lies in the run directory."),
          bytes: z.int().describe("Its size."),
          media_type: z.string().describe("What it holds, by the end of its name."),
          modified: timestamp("When it was last written."),
          url: z.string().describe("Where to fetch it."),
        }),
      )
      .describe("By path; the first 10,000."),
    count: z.int().describe("How many files this answer holds."),
  })
  .meta({ id: "FileList", description: "What a job left in its run directory." });

export const LogName = z.enum(["stdout", "stderr"]).describe("Which of the job's two logs.");

export const LogQuery = z.object({
  tail: z
    .string()
    .regex(/^\d{1,6}$/, "must be a whole number, 0 to 999999")
    .transform(Number)
    .optional()
    .describe("Only the last so many lines, as far as they lie in the last 16 MiB.")
    .meta({ type: "integer", minimum: 0, maximum: 999_999 }),
});

export const JobList = z
  .object({
    jobs: z.array(JobDocument).describe("Newest first."),
    count: z.int().describe("How many jobs this answer holds."),
    total: z.int().describe("How many jobs match the filter."),
    next_cursor: z
      .string()
      .nullable()
      .describe("Where the list goes on; null at its end. Also as Link: rel=next."),
  })
  .meta({ id: "JobList", description: "Jobs, newest first." });

export const ServerInfo = z
  .object({
    name: z.string().describe("The name of this software."),
    version: z.string().describe("Its version."),
    description: z.string().describe("What it is for."),
    endpoints: z.record(z.string(), z.string()).describe("Each operation and what it is for."),
    configuration: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .describe("What the server runs with, under the names of its environment variables."),
  })
  .meta({ id: "ServerInfo", description: "What this server is." });

export const Health = z
  .object({
    status: z.literal("healthy").describe("The server answers: it is well."),
    timestamp: timestamp("The server's time."),
    active_jobs: z.int().describe("How many jobs run."),
    watcher: z
      .enum(["watching", "blind"])
      .describe(
        "blind: the kernel has no watch left for the server; it looks at its jobs twice a second instead.",
      ),
  })
  .meta({ id: "Health", description: "The server answers." });
