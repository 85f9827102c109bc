import { resolve } from "node:path";
import type { Option } from "commander";
import type { Durability } from "../runs/record-file.ts";
import { defaultPython } from "../runtimes/python.ts";
import { accessOptions } from "./access-options.ts";
import { jobOptions } from "./job-options.ts";
import { retentionOptions } from "./retention-options.ts";
import { type logLevels, serverOptions } from "./server-options.ts";

/** Everything the server was told, complete and checked; the options describe each member. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Absolute path of the runs directory. */
  readonly runsDir: string;
  readonly logLevel: (typeof logLevels)[number];
  readonly durability: Durability;
  readonly concurrency: number;
  readonly maxQueued: number;
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
  readonly maxStreams: number;
  readonly minFreeBytes: number;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly rateLimit: number | undefined;
  readonly allowedHosts: readonly string[] | undefined;
  readonly corsOrigins: readonly string[] | undefined;
  /** Undefined lets every entrypoint be run. */
  readonly allow: readonly string[] | undefined;
  readonly allowEnv: readonly string[] | undefined;
  readonly entrypoint: string | undefined;
  /** The Python interpreter: a name at first, a path once it is resolved. */
  readonly python: string;
  readonly warm: "on" | "off";
  /** Modules that the template of warm starts imports. */
  readonly preload: readonly string[] | undefined;
  readonly keepStrays: boolean;
  readonly secretsFile: string | undefined;
  readonly sandbox: "none" | "bubblewrap";
  readonly sandboxWrite: readonly string[] | undefined;
  readonly sandboxNetwork: boolean;
  readonly defaultTimeoutSeconds: number | undefined;
  readonly defaultMemoryBytes: number | undefined;
  readonly defaultCpuSeconds: number | undefined;
  readonly defaultOpenFiles: number | undefined;
  readonly defaultFileBytes: number | undefined;
  readonly defaultProcesses: number | undefined;
  readonly keepDays: number | undefined;
  readonly keepRuns: number | undefined;
  readonly keepBytes: number | undefined;
}

/** Command-line options of `serve`, each with its environment name; a flag goes before the environment. */
export function serveOptions(): Option[] {
  return [...serverOptions(), ...accessOptions(), ...jobOptions(), ...retentionOptions()];
}

/** What a server runs with, under the names of the environment; undefined for what is not set. Secrets stay out. */
export function settingsOf(config: Config): Record<string, string | number | boolean | undefined> {
  const values = new Map<string, unknown>(Object.entries(config));
  return Object.fromEntries(
    serveOptions().map((option) => [
      option.envVar ?? option.long,
      settingOf(option.attributeName(), values.get(option.attributeName())),
    ]),
  );
}

function settingOf(name: string, value: unknown): string | number | boolean | undefined {
  if (value === undefined) return undefined;
  if (name === "token") return "Set";
  return typeof value === "number" || typeof value === "boolean" ? value : String(value);
}

/** What the options leave open. */
export function completeConfig(options: Omit<Config, "python"> & { python?: string }): Config {
  return Object.freeze({
    ...options,
    runsDir: resolve(options.runsDir),
    python: options.python ?? defaultPython(process.env, process.cwd()),
  });
}

/** An empty variable counts as one that is not set, as compose files write it. */
export function dropEmptyVariables(environment: NodeJS.ProcessEnv): void {
  for (const { envVar } of serveOptions()) {
    if (envVar !== undefined && environment[envVar] === "") delete environment[envVar];
  }
}
