import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { entrypointForm, isEntrypoint } from "./jobs/entrypoint.ts";
import { Limits } from "./jobs/limits.ts";
import type { Durability } from "./runs/record-file.ts";
import { defaultPython } from "./runtimes/python.ts";

/** Levels of the log, from most to least. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** Everything the server was told, complete and checked. */
export interface Config {
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 takes a free one. */
  readonly port: number;
  /** Absolute path of the runs directory. */
  readonly runsDir: string;
  /** Entrypoint of jobs that name none. */
  readonly entrypoint: string | undefined;
  readonly logLevel: (typeof logLevels)[number];
  /** The Python interpreter: a name at first, a path once it is resolved. */
  readonly python: string;
  /** How many jobs run at once. */
  readonly concurrency: number;
  /** What accepted jobs, claims and exit records outlive. */
  readonly durability: Durability;
  /** Seconds after which a job that names no limit is stopped. */
  readonly defaultTimeoutSeconds: number | undefined;
  /** Whether processes that a job leaves behind may go on. */
  readonly keepStrays: boolean;
}

/** Command-line options of `serve`, each with its environment name; a flag goes before the environment. */
export function serveOptions(): Option[] {
  return [
    new Option("--host <address>", "address to listen on")
      .env("HOST")
      .default("127.0.0.1")
      .argParser(nonEmpty),
    new Option("--port <number>", "port to listen on; 0 takes a free one")
      .env("PORT")
      .default(8000)
      .argParser(wholeNumber(0, 65_535)),
    new Option("--runs-dir <path>", "directory of the run directories")
      .env("QUANT_RUNS_DIR")
      .default(".quant_runs")
      .argParser(nonEmpty),
    new Option("--entrypoint <module:callable>", "entrypoint of jobs that name none")
      .env("MDPS_ENTRYPOINT")
      .argParser(entrypoint),
    new Option("--log-level <level>", "least level of the log lines")
      .env("QUANT_RUNS_LOG_LEVEL")
      .choices(logLevels)
      .default("info"),
    new Option("--python <interpreter>", "Python interpreter of the jobs")
      .env("QUANT_RUNS_PYTHON")
      .argParser(nonEmpty)
      .default(undefined, "the active virtual environment's, .venv's in the working directory, or python3"),
    new Option("--concurrency <number>", "how many jobs run at once")
      .env("QUANT_RUNS_CONCURRENCY")
      .default(availableParallelism(), "the number of processors")
      .argParser(wholeNumber(1, 10_000)),
    new Option(
      "--durability <what>",
      "what accepted jobs and their ends outlive: a kill, or a loss of power too",
    )
      .env("QUANT_RUNS_DURABILITY")
      .choices(["process", "power"])
      .default("power"),
    new Option(
      "--default-timeout-seconds <number>",
      "seconds after which a job that names no limit is stopped",
    )
      .env("QUANT_RUNS_DEFAULT_TIMEOUT_SECONDS")
      .argParser(seconds),
    new Option("--keep-strays [yes-or-no]", "let processes that a job leaves behind go on")
      .env("QUANT_RUNS_KEEP_STRAYS")
      .default(false)
      .argParser(yesOrNo),
  ];
}

/** What a server runs with, under the names of the environment; undefined for what is not set. */
export function settingsOf(config: Config): Record<string, string | number | boolean | undefined> {
  const values: Record<string, string | number | boolean | undefined> = { ...config };
  return Object.fromEntries(
    serveOptions().map((option) => [option.envVar ?? option.long, values[option.attributeName()]]),
  );
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

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

function seconds(text: string): number {
  const value = Limits.shape.timeout_seconds.safeParse(text.trim() === "" ? text : Number(text));
  if (value.success && value.data !== null) return value.data;
  throw new InvalidArgumentError("It must be a number of seconds, more than 0 and at most a year.");
}

function yesOrNo(text: string): boolean {
  if (["1", "true", "yes"].includes(text)) return true;
  if (["0", "false", "no"].includes(text)) return false;
  throw new InvalidArgumentError("It must be yes or no.");
}

/** An empty flag is a variable that was not set in somebody's script: an empty host would mean every address. */
function nonEmpty(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("It must not be empty.");
}

function entrypoint(text: string): string {
  if (isEntrypoint(text)) return text;
  throw new InvalidArgumentError(`It must have the form ${entrypointForm}.`);
}
