import { Option } from "commander";
import { entrypointPatterns, hosts, namePatterns, nonEmpty, origins, wholeNumber } from "./values.ts";

/** Who may ask, and for what. */
export function accessOptions(): Option[] {
  return [
    new Option("--token <token>", "what clients must send as Authorization: Bearer")
      .env("QUANT_RUNS_TOKEN")
      .argParser(nonEmpty),
    new Option("--token-file <path>", "file of tokens, with names and scopes")
      .env("QUANT_RUNS_TOKEN_FILE")
      .argParser(nonEmpty),
    new Option("--rate-limit <number>", "requests a second that each token may send; a further one gets 429")
      .env("QUANT_RUNS_RATE_LIMIT")
      .argParser(wholeNumber(1, 1_000_000)),
    new Option(
      "--allowed-hosts <names>",
      "names of this server beside localhost, as the Host header has them",
    )
      .env("QUANT_RUNS_ALLOWED_HOSTS")
      .argParser(hosts),
    new Option("--cors-origins <origins>", "origins whose pages may ask from a browser")
      .env("QUANT_RUNS_CORS_ORIGINS")
      .argParser(origins),
    new Option("--allow <patterns>", "entrypoints that may be run, such as 'run_mdps:main,strategies.*:run'")
      .env("QUANT_RUNS_ALLOW")
      .argParser(entrypointPatterns),
    new Option("--allow-env <patterns>", "environment variables that a request may set, such as 'MODEL_*'")
      .env("QUANT_RUNS_ALLOW_ENV")
      .argParser(namePatterns),
  ];
}
