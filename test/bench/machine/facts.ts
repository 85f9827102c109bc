import { cpus, release, totalmem } from "node:os";
import { run } from "./run.ts";

/** What the figures were measured on. */
export interface Facts {
  readonly processor: string;
  readonly processors: number;
  readonly memory_gigabytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly python: string;
}

export async function readFacts(python: string): Promise<Facts> {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    processors: cpus().length,
    memory_gigabytes: Math.round(totalmem() / 1e9),
    kernel: `Linux ${release().split("-")[0]}`,
    node: process.version,
    python: (await run(python, ["--version"])).replace("Python ", ""),
  };
}
