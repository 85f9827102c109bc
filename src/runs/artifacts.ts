import { type FileHandle, lstat, readdir, readlink, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { openRegular } from "./regular-file.ts";
import { fileNames } from "./run-directory.ts";

/** A file that the callable left in its run directory. */
export interface Artifact {
  /** Where it lies in the run directory, with slashes. */
  readonly path: string;
  readonly bytes: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly modified: number;
}

/** How many files are listed at most: a job may leave millions. */
export const mostArtifacts = 10_000;

const contractFiles = new Set<string>(Object.values(fileNames));

/** What lies directly in a run directory and is a record, or a shim's own. */
function isOurs(name: string): boolean {
  return contractFiles.has(name) || name.startsWith(".");
}

/** The callable's own files, in the order of their paths. Links are not followed, and neither they nor FIFOs listed. */
export async function listArtifacts(directory: string): Promise<Artifact[]> {
  const artifacts: Artifact[] = [];
  for await (const path of pathsBelow(directory, "")) {
    const facts = await lstat(join(directory, path)).catch(() => undefined); // removed meanwhile
    if (facts?.isFile()) artifacts.push({ path, bytes: facts.size, modified: facts.mtimeMs });
    if (artifacts.length === mostArtifacts) break;
  }
  return artifacts;
}

async function* pathsBelow(directory: string, folder: string): AsyncGenerator<string> {
  const entries = await readdir(join(directory, folder), { withFileTypes: true }).catch(() => []); // removed meanwhile
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (folder === "" && isOurs(entry.name)) continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* pathsBelow(directory, path);
    else if (entry.isFile()) yield path;
  }
}

/**
 * One of the callable's own files, open to be read; undefined when the path names none, leads through a link or leaves
 * the run directory. Where the open file really lies is asked of the kernel (proc_pid_fd(5)), so that a folder which is
 * swapped for a link in between leads nowhere.
 */
export async function openArtifact(directory: string, path: string): Promise<FileHandle | undefined> {
  const names = path.split("/");
  const isPlain = names.every((name) => !["", ".", ".."].includes(name) && !name.includes("\0"));
  if (!isPlain || isOurs(names[0] ?? "")) return undefined;
  const file = await openRegular(join(directory, path));
  if (file === undefined) return undefined;
  try {
    if (
      (await placeOf(file, join(directory, path))) ===
      (await realpath(directory)) + sep + names.join(sep)
    ) {
      return file;
    }
  } catch {
    // the run directory was removed meanwhile
  }
  await file.close();
  return undefined;
}

async function placeOf(file: FileHandle, path: string): Promise<string> {
  try {
    return await readlink(`/proc/self/fd/${file.fd}`);
  } catch {
    return realpath(path); // no /proc on this system
  }
}
