import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Path of an installed Python of this version, `3.9`, as pyenv keeps them; undefined when there is none. */
export function installedPython(version: string): string | undefined {
  const folder = join(homedir(), ".pyenv", "versions");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .filter((name) => name === version || name.startsWith(`${version}.`))
    .map((name) => join(folder, name, "bin", "python3"))
    .find((path) => existsSync(path));
}
