import { Option } from "commander";
import { entrypoint, limit, modules, nonEmpty, paths, yesOrNo } from "./values.ts";

/** What jobs run with. */
export function jobOptions(): Option[] {
  return [
    new Option("--entrypoint <module:callable>", "entrypoint of jobs that name none")
      .env("MDPS_ENTRYPOINT")
      .argParser(entrypoint),
    new Option("--python <interpreter>", "Python interpreter of the jobs")
      .env("QUANT_RUNS_PYTHON")
      .argParser(nonEmpty)
      .default(undefined, "the active virtual environment's, .venv's in the working directory, or python3"),
    new Option(
      "--warm <on-or-off>",
      "fork jobs from an interpreter that is started ahead, where that is safe",
    )
      .env("QUANT_RUNS_WARM")
      .choices(["on", "off"])
      .default("on"),
    new Option("--preload <modules>", "modules that this interpreter imports ahead, such as 'numpy,pandas'")
      .env("QUANT_RUNS_PRELOAD")
      .argParser(modules),
    new Option("--keep-strays [yes-or-no]", "let processes that a job leaves behind go on")
      .env("QUANT_RUNS_KEEP_STRAYS")
      .default(false)
      .argParser(yesOrNo),
    new Option("--secrets-file <path>", "file of NAME=value lines that every job finds in its environment")
      .env("QUANT_RUNS_SECRETS_FILE")
      .argParser(nonEmpty),
    new Option("--sandbox <what>", "what keeps jobs from the rest of the machine")
      .env("QUANT_RUNS_SANDBOX")
      .choices(["none", "bubblewrap"])
      .default("none"),
    new Option(
      "--sandbox-write <paths>",
      "folders that a job in a sandbox may write to, beside its run directory",
    )
      .env("QUANT_RUNS_SANDBOX_WRITE")
      .argParser(paths),
    new Option("--sandbox-network [yes-or-no]", "let jobs in a sandbox reach the network")
      .env("QUANT_RUNS_SANDBOX_NETWORK")
      .default(false)
      .argParser(yesOrNo),
    ...limitOptions(),
  ];
}

/** Limits of jobs that name none of their own. */
function limitOptions(): Option[] {
  const ofJobsThatNameNone = [
    [
      "--default-timeout-seconds",
      "timeout_seconds",
      "seconds after which a job that names no limit is stopped",
    ],
    ["--default-memory-bytes", "memory_bytes", "memory of a job that names no limit"],
    ["--default-cpu-seconds", "cpu_seconds", "processor time of each process of a job that names no limit"],
    ["--default-open-files", "open_files", "open files of each process of a job that names no limit"],
    ["--default-file-bytes", "file_bytes", "size of each file that a job which names no limit writes"],
    ["--default-processes", "processes", "processes and threads of a job that names no limit"],
  ] as const;
  return ofJobsThatNameNone.map(([flag, name, description]) =>
    new Option(`${flag} <number>`, description)
      .env(`QUANT_RUNS_${flag.slice(2).toUpperCase().replaceAll("-", "_")}`)
      .argParser(limit(name)),
  );
}
