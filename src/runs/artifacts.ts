import type { Dirent } from "node:fs";
import { type FileHandle, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "./record-file.ts";
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
  if ((await lstat(directory).catch(nothingThere))?.isDirectory() !== true) return artifacts;
  for await (const path of pathsBelow(directory, "")) {
    const facts = await lstat(join(directory, path)).catch(nothingThere);
    if (facts?.isFile()) artifacts.push({ path, bytes: facts.size, modified: facts.mtimeMs });
    if (artifacts.length === mostArtifacts) break;
  }
  return artifacts;
}

/** For what a job removes while it is listed. */
function nothingThere(error: unknown): undefined {
  if (!["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) throw error;
}

async function* pathsBelow(directory: string, folder: string): AsyncGenerator<string> {
  const entries: Dirent[] | undefined = await readdir(join(directory, folder), { withFileTypes: true }).catch(
    nothingThere,
  );
  for (const entry of (entries ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (folder === "" && isOurs(entry.name)) continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* pathsBelow(directory, path);
    else if (entry.isFile()) yield path;
  }
}

/** One of the callable's own files, open to be read; undefined when the path names none or leaves the run directory. */
export async function openArtifact(directory: string, path: string): Promise<FileHandle | undefined> {
  const names = path.split("/");
  const isPlain = names.every((name) => !["", ".", ".."].includes(name) && !name.includes("\0"));
  return isPlain && !isOurs(names[0] ?? "") ? openRegular(directory, path) : undefined;
}
