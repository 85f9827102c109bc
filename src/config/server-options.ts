import { availableParallelism } from "node:os";
import { Option } from "commander";
import { nonEmpty, wholeNumber } from "./values.ts";

/** Levels of the log, from most to least. */
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** Where the server is, what it keeps, how much it takes on. */
export function serverOptions(): Option[] {
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
    new Option("--log-level <level>", "least level of the log lines")
      .env("QUANT_RUNS_LOG_LEVEL")
      .choices(logLevels)
      .default("info"),
    new Option(
      "--durability <what>",
      "what accepted jobs and their ends outlive: a kill, or a loss of power too",
    )
      .env("QUANT_RUNS_DURABILITY")
      .choices(["process", "power"])
      .default("power"),
    new Option("--concurrency <number>", "how many jobs run at once")
      .env("QUANT_RUNS_CONCURRENCY")
      .default(availableParallelism(), "the number of processors")
      .argParser(wholeNumber(1, 10_000)),
    new Option("--max-queued <number>", "how many jobs may wait; a further one gets 503")
      .env("QUANT_RUNS_MAX_QUEUED")
      .default(100_000)
      .argParser(wholeNumber(1, 10_000_000)),
    new Option("--max-body-bytes <number>", "largest body of a request; a larger one gets 413")
      .env("QUANT_RUNS_MAX_BODY_BYTES")
      .default(8 * 1024 * 1024)
      .argParser(wholeNumber(1024, 64 * 1024 * 1024)),
    new Option("--max-connections <number>", "how many connections may be open; a further one is cut")
      .env("QUANT_RUNS_MAX_CONNECTIONS")
      .default(4096)
      .argParser(wholeNumber(1, 1_000_000)),
    new Option("--max-streams <number>", "how many streams of events may be open; a further one gets 503")
      .env("QUANT_RUNS_MAX_STREAMS")
      .default(1000)
      .argParser(wholeNumber(1, 1_000_000)),
    new Option("--min-free-bytes <number>", "room that the disk must have left; with less, a job gets 507")
      .env("QUANT_RUNS_MIN_FREE_BYTES")
      .default(0)
      .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
  ];
}
