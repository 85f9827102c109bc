import { cpus, release, totalmem } from "node:os";
import type { Peers, PeerVersions } from "../peers/install.ts";
import { run } from "./run.ts";

/** What the figures were measured on. */
export interface Facts {
  readonly processor: string;
  readonly processors: number;
  readonly memory_gigabytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly python: string;
  /** Null where they took no part. */
  readonly peers: PeerVersions | null;
}

export async function readFacts(python: string, peers: Peers): Promise<Facts> {
  return {
    processor: cpus()[0]?.model ?? "unknown",
    processors: cpus().length,
    memory_gigabytes: Math.round(totalmem() / 1e9),
    kernel: `Linux ${release().split("-")[0]}`,
    node: process.version,
    python: (await run(python, ["--version"])).replace("Python ", ""),
    peers: "versions" in peers ? peers.versions : null,
  };
}
