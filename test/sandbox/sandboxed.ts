import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { beforeEach } from "vitest";
import { fixtures, type ServerOptions, startServer, type TestServer } from "../support/server.ts";

/** Where bwrap(1) is; undefined where bubblewrap is not installed. */
export const bwrap = (process.env.PATH ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "bwrap"))
  .find(isExecutable);

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Skips the tests of a file where there is no bubblewrap; in continuous integration they fail then. */
export function needBubblewrap(): void {
  beforeEach(({ skip }) => skip(bwrap === undefined && !process.env.CI, "bubblewrap is not installed"));
}

/** What makes a server of the tests run its jobs in sandboxes, with the callables of this folder beside the fixtures. */
export const inSandbox = {
  QUANT_RUNS_SANDBOX: "bubblewrap",
  PYTHONPATH: [fixtures, import.meta.dirname].join(delimiter),
};

/** Starts a server whose jobs run in sandboxes. */
export function startSandboxed({ env, ...options }: ServerOptions = {}): Promise<TestServer> {
  return startServer({ ...options, env: { ...inSandbox, ...env } });
}
