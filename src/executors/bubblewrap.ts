import { access, constants, realpath, stat } from "node:fs/promises";
import { basename, delimiter, isAbsolute, join } from "node:path";
import { execa } from "execa";
import type { Config } from "../config/config.ts";
import { StartError } from "../errors.ts";
import { errorCode } from "../runs/record-file.ts";
import { endOfShim } from "./bubblewrap-end.ts";
import type { StartShim } from "./executor.ts";
import { isBelow, type Sandbox, sandboxArguments } from "./sandbox.ts";
import { runEntrypoint, spawnShim } from "./spawn.ts";

const orNone = "or set QUANT_RUNS_SANDBOX to none";

/**
 * Starts shims in sandboxes of bubblewrap (bwrap(1)). The shim is the first process of its pid namespace: all of the job
 * ends with it, while bwrap outside of it only waits, so that neither bwrap's end nor the server's concerns the job.
 * @throws StartError when bubblewrap, or a folder that jobs may write to, is not there or cannot be used
 */
export async function prepareBubblewrap(config: Config): Promise<StartShim> {
  const program = await findProgram();
  const sandbox = await sandboxOf(config);
  await expectUsable(program, sandbox);
  return async (launch) => {
    const directory = join(sandbox.runsDir, basename(launch.directory));
    const command = [runEntrypoint, directory];
    const group = launch.environment.QUANT_RUNS_CGROUP;
    const shim = await spawnShim(program, sandboxArguments(sandbox, command, directory, group), launch);
    return { pid: shim.pid, ended: shim.ended.then((end) => endOfShim(end, launch.directory)) };
  };
}

/** By its path, since a job's environment may have another PATH and bwrap itself runs in no sandbox. */
async function findProgram(): Promise<string> {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  for (const path of folders.map((folder) => join(folder, "bwrap"))) {
    if (await isExecutable(path)) return path;
  }
  throw new StartError(`there is no bwrap in PATH for QUANT_RUNS_SANDBOX: install bubblewrap, ${orNone}`);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function sandboxOf(config: Config): Promise<Sandbox> {
  const runsDir = await realpath(config.runsDir);
  return {
    runsDir,
    workingDirectory: process.cwd(),
    python: config.python,
    pythonPath: process.env.PYTHONPATH ?? "",
    writable: await Promise.all((config.sandboxWrite ?? []).map((path) => writableFolder(path, runsDir))),
    secret: [config.tokenFile, config.secretsFile].filter((path) => path !== undefined),
    hasNetwork: config.sandboxNetwork,
  };
}

/** The real path, since bwrap follows no link to a place where it mounts something. */
async function writableFolder(path: string, runsDir: string): Promise<string> {
  const real = await realFolder(path);
  if (real !== runsDir && !isBelow(real, runsDir)) return real;
  throw new StartError(`${path} lies in the runs directory: take it out of QUANT_RUNS_SANDBOX_WRITE`);
}

async function realFolder(path: string): Promise<string> {
  try {
    if ((await stat(path)).isDirectory()) return await realpath(path);
  } catch (error) {
    throw new StartError(
      `the folder ${path} of QUANT_RUNS_SANDBOX_WRITE cannot be found (${errorCode(error)}): make it first`,
    );
  }
  throw new StartError(`${path} of QUANT_RUNS_SANDBOX_WRITE is no folder`);
}

/** Starts the interpreter of the jobs in a sandbox like theirs. */
async function expectUsable(program: string, sandbox: Sandbox): Promise<void> {
  const trial = sandboxArguments(sandbox, [sandbox.python, "-I", "-c", "pass"]);
  const { failed, timedOut, exitCode, stderr } = await execa(program, trial, {
    reject: false,
    stdin: "ignore",
    timeout: 10_000,
    killSignal: "SIGKILL",
  });
  if (!failed) return;
  const said = timedOut ? "it did not end within 10 s" : stderr.trim().split("\n").at(-1);
  throw new StartError(
    `no sandbox can be made (${said || `exit code ${exitCode}`}): let this user make namespaces, ${orNone}`,
  );
}
