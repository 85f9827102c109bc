import { Option } from "commander";
import { positiveNumber, wholeNumber } from "./values.ts";

/** Which ended runs are kept. Without any of these all are, for ever. */
export function retentionOptions(): Option[] {
  return [
    new Option("--keep-days <number>", "days after its end when a run is removed")
      .env("QUANT_RUNS_KEEP_DAYS")
      .argParser(positiveNumber(36_500)),
    new Option("--keep-runs <number>", "how many ended runs are kept, the latest")
      .env("QUANT_RUNS_KEEP_RUNS")
      .argParser(wholeNumber(1, 100_000_000)),
    new Option(
      "--keep-bytes <number>",
      "bytes of disk that the ended runs which are kept may take, the latest",
    )
      .env("QUANT_RUNS_KEEP_BYTES")
      .argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  ];
}
