import { execa } from "execa";
import { callables } from "./folders.ts";

/** Variables that would change what is measured: the server's own, Python's, and npm's. */
const others = /^(HOST|PORT|MDPS_ENTRYPOINT|QUANT_RUNS_.*|PYTHON.*|npm_.*|NODE_.*)$/i;

/** The environment of everything that is measured: this shell's, with the callables where Python looks for modules. */
export function environment(more: Record<string, string> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !others.test(name));
  return { ...(Object.fromEntries(kept) as Record<string, string>), PYTHONPATH: callables, ...more };
}

/** Runs a program to its end. @returns what it printed */
export async function run(
  file: string,
  args: readonly string[],
  options: { input?: string; cwd?: string } = {},
): Promise<string> {
  const { stdout } = await execa(file, args, { ...options, env: environment(), extendEnv: false });
  return stdout;
}

/** Runs a program to its end. @returns the JSON it printed, which is of the kind the caller knows it to be */
export async function runForJson<Kind>(file: string, args: readonly string[]): Promise<Kind> {
  return JSON.parse(await run(file, args)) as Kind;
}
