import { join } from "node:path";
import { execa } from "execa";
import { home } from "./server.ts";

/** Runs a server where a script has prepared the machine: in namespaces of its own (unshare(1)), which end with it. */
export function inNamespaces(flags: readonly string[], script: string): string[] {
  return ["unshare", ...flags, "sh", "-c", `${script}\nexec "$0" "$@"`, join(home, "bin", "quant-runs")];
}

/** Runs a command where a server sees its files. */
export async function besideServer(pid: number, ...command: string[]): Promise<string> {
  const { stdout } = await execa("nsenter", ["--target", String(pid), "--mount", ...command]);
  return stdout;
}
