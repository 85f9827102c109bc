import { mkdtempSync, statfsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { undoAtEnd } from "./at-end.ts";

/** The repository's folder. */
export const home = join(import.meta.dirname, "..", "..", "..");

/** Where everything of the harness stands. */
export const benchFolder = join(import.meta.dirname, "..");

/** Modules whose callables the jobs run. */
export const callables = join(benchFolder, "callables");

/** Type of a file system in memory (statfs(2)). */
const tmpfs = 0x01021994;

/** Where run directories are made: a disk, as in real life, wherever there is one. */
export const workFolder = [tmpdir(), "/var/tmp"].find((path) => statfsSync(path).type !== tmpfs) ?? tmpdir();

/** A new folder that is gone when it is disposed of. */
export function temporaryFolder(): AsyncDisposable & { readonly path: string } {
  const path = mkdtempSync(join(workFolder, "quant-runs-bench-"));
  return { path, ...undoAtEnd(() => rm(path, { recursive: true, force: true, maxRetries: 10 })) };
}
