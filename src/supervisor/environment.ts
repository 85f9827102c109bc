import { isReservedVariable } from "../access/reserved-variables.ts";
import type { Config } from "../config/config.ts";
import { hasVariables, type JobEnvironment, noEnvironment } from "../jobs/job-environment.ts";
import type { Request } from "../runs/job-record.ts";
import { runtimeNamed } from "../runtimes/registry.ts";

export type Environment = Readonly<Record<string, string>>;

/** All of the environment of a runtime's job. Jobs for which nothing more is given share one object. */
export type EnvironmentOf = (
  runtime: string,
  jobs?: JobEnvironment,
  group?: Readonly<Record<string, string>>,
) => Environment;

/** Names that are the server's alone: its secrets, and what it or the shim sets for each job. */
const serversOwn =
  /^QUANT_RUNS_(TOKEN.*|SECRETS_FILE|SERVER_PID|LAUNCH|ALLOW|CGROUP|RUN_DIR|JOB_ID|PROGRESS)$/;

/** A job's environment: the server's less what is its own, the job's variables, what its shim and runtime need, secrets. */
export function jobEnvironments(
  config: Config,
  servers: NodeJS.ProcessEnv,
  secrets: Readonly<Record<string, string>> = {},
): EnvironmentOf {
  const kept = Object.entries(servers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !serversOwn.test(entry[0]),
  );
  const shared = new Map<string, Environment>();
  const environmentWith = (runtime: string, jobs: JobEnvironment, group: object): Environment => {
    const permitted = Object.entries(jobs).filter(([name]) => !isReservedVariable(name));
    const needed = { ...shimSettings(config), ...runtimeNamed(runtime)?.environment(config), ...group };
    return Object.assign(Object.create(null), Object.fromEntries([...kept, ...permitted]), needed, secrets);
  };
  return (runtime, jobs = noEnvironment, group = {}) => {
    if (hasVariables(jobs) || hasVariables(group)) return environmentWith(runtime, jobs, group);
    const known = shared.get(runtime) ?? environmentWith(runtime, jobs, group);
    shared.set(runtime, known);
    return known;
  };
}

/** Whether a job may not get the environment that all others share: it has variables, or limits that a group keeps. */
export function hasOwnEnvironment({ env, limits }: Pick<Request, "env" | "limits">): boolean {
  return hasVariables(env) || limits.memory_bytes !== null || limits.processes !== null;
}

/** What shims are told of the server's settings. */
function shimSettings({ durability, keepStrays, allow }: Config): Record<string, string> {
  return {
    QUANT_RUNS_DURABILITY: durability,
    QUANT_RUNS_KEEP_STRAYS: keepStrays ? "1" : "0",
    QUANT_RUNS_SERVER_PID: String(process.pid),
    ...(allow && { QUANT_RUNS_ALLOW: allow.join(",") }),
  };
}
