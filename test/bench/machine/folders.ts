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

/**
 * A new folder, which is removed when all has been measured and not before: ext4 gives nobody the inode of a file that was
 * removed within minutes, and whoever makes files meanwhile looks through all of those (recently_deleted in its ialloc.c).
 */
export function temporaryFolder(): { readonly path: string } {
  const path = mkdtempSync(join(workFolder, "quant-runs-bench-"));
  undoAtEnd(() => rm(path, { recursive: true, force: true, maxRetries: 10 }));
  return { path };
}
