import { isReservedVariable } from "../access/reserved-variables.ts";
import type { Config } from "../config/config.ts";
import type { JobEnvironment } from "../jobs/job-environment.ts";

/** Names that are the server's alone: its secrets, and what it or the shim sets for each job. */
const serversOwn = /^QUANT_RUNS_(TOKEN.*|SECRETS_FILE|ALLOW|RUN_DIR|JOB_ID|PROGRESS)$/;

/** What shims are told of the server's settings. */
export function shimSettings({ durability, keepStrays, allow }: Config): Record<string, string> {
  return {
    QUANT_RUNS_DURABILITY: durability,
    QUANT_RUNS_KEEP_STRAYS: keepStrays ? "1" : "0",
    ...(allow && { QUANT_RUNS_ALLOW: allow.join(",") }),
  };
}

/** A job's environment: the server's less what is its own, the job's variables, what its shim and runtime need. */
export function jobEnvironment(
  servers: NodeJS.ProcessEnv,
  jobs: JobEnvironment,
  needed: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = Object.entries(servers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !serversOwn.test(entry[0]),
  );
  const permitted = Object.entries(jobs).filter(([name]) => !isReservedVariable(name));
  return Object.assign(Object.create(null), Object.fromEntries([...kept, ...permitted]), needed);
}
