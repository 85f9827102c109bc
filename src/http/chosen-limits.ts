import type { z } from "zod";
import type { Config } from "../config/config.ts";
import { type Limits, noLimits } from "../jobs/limits.ts";
import type { LimitsRequest } from "./schemas.ts";

/** The limits of a job: what the client asks for, else what the server has for all. */
export function chosenLimits(config: Config, asked: z.output<typeof LimitsRequest>): Limits {
  return {
    timeout_seconds: asked.timeout_seconds ?? config.defaultTimeoutSeconds ?? null,
    silence_timeout_seconds: asked.silence_timeout_seconds ?? null,
    cancel_grace_seconds: asked.cancel_grace_seconds ?? noLimits.cancel_grace_seconds,
    memory_bytes: asked.memory_bytes ?? config.defaultMemoryBytes ?? null,
    cpu_seconds: asked.cpu_seconds ?? config.defaultCpuSeconds ?? null,
    open_files: asked.open_files ?? config.defaultOpenFiles ?? null,
    file_bytes: asked.file_bytes ?? config.defaultFileBytes ?? null,
    processes: asked.processes ?? config.defaultProcesses ?? null,
  };
}
