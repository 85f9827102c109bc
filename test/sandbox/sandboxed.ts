import { delimiter } from "node:path";
import { beforeEach } from "vitest";
import { findProgram } from "../support/programs.ts";
import { fixtures, type ServerOptions, startServer, type TestServer } from "../support/server.ts";

/** Where bwrap(1) is; undefined where bubblewrap is not installed. */
export const bwrap = findProgram("bwrap");

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
