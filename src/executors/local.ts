import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Shim, StartShim } from "./executor.ts";

const runEntrypoint = fileURLToPath(new URL("../../bin/run-entrypoint", import.meta.url));

/**
 * Starts shims as processes of this machine that outlive the server: a session of their own, and numeric descriptors
 * only, since execa would pipe anything else through the server.
 */
export const startLocalShim: StartShim = (launch): Shim => {
  const subprocess = execa(runEntrypoint, [launch.directory], {
    stdin: "ignore",
    // Any descriptor passes; the types of execa spell out 3 to 9 alone.
    stdout: launch.stdout as 3,
    stderr: launch.stderr as 3,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    extendEnv: false,
    env: Object.assign(Object.create(null), launch.environment),
  });
  const ended = subprocess.then((result) => ({
    exitCode: result.exitCode,
    signal: result.signal,
    spawnError:
      result.exitCode === undefined && result.signal === undefined ? (result.code ?? "UNKNOWN") : undefined,
  }));
  return { pid: subprocess.pid, ended };
};
