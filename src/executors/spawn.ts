import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { openOutputFiles } from "../runs/output-files.ts";
import type { Launch, Shim } from "./executor.ts";

/** The command that runs one job's shim, wherever it runs; a launcher can do without the shell in it. */
export const runEntrypoint = fileURLToPath(new URL("../../bin/run-entrypoint", import.meta.url));

/**
 * Starts a command as a process of this machine that outlives the server: a session of its own, and numeric descriptors
 * only, since execa would pipe anything else through the server.
 */
export async function spawnShim(
  program: string,
  parameters: readonly string[],
  { directory, environment }: Launch,
): Promise<Shim> {
  await using output = await openOutputFiles(directory);
  const subprocess = execa(program, parameters, {
    stdin: "ignore",
    // Any descriptor passes; the types of execa spell out 3 to 9 alone.
    stdout: output.stdout as 3,
    stderr: output.stderr as 3,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    extendEnv: false,
    env: Object.assign(Object.create(null), environment),
  });
  const ended = subprocess.then((result) => ({
    exitCode: result.exitCode,
    signal: result.signal,
    spawnError:
      result.exitCode === undefined && result.signal === undefined ? (result.code ?? "UNKNOWN") : undefined,
  }));
  return { pid: subprocess.pid, ended };
}
