import type { Config } from "../config.ts";

/** Names that are the server's alone: its secrets, and what the shim sets for each job. */
const serversOwn = /^QUANT_RUNS_(TOKEN.*|RUN_DIR|JOB_ID|PROGRESS)$/;

/** What shims are told of the server's settings. */
export function shimSettings({ durability, keepStrays }: Config): Record<string, string> {
  return { QUANT_RUNS_DURABILITY: durability, QUANT_RUNS_KEEP_STRAYS: keepStrays ? "1" : "0" };
}

/** A job's environment: the server's less what is its own, and what its shim and its runtime need. */
export function jobEnvironment(
  servers: NodeJS.ProcessEnv,
  needed: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = Object.entries(servers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !serversOwn.test(entry[0]),
  );
  return { ...Object.fromEntries(kept), ...needed };
}
