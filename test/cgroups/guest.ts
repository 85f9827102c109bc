import { delimiter, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, vi } from "vitest";
import { defaultPython, resolvePython } from "../../src/runtimes/python.ts";
import { findProgram } from "../support/programs.ts";
import { fixtures, home, temporaryFolder } from "../support/server.ts";

/** User-mode Linux: a kernel that is a program, so that a test has cgroup v2 whatever this machine has. */
const kernel = findProgram("linux.uml");

/** Without User-mode Linux tests are skipped; in continuous integration they fail then. */
export const cannotBoot = kernel === undefined && !process.env.CI;

/** Where the guest's server runs its jobs, and keeps their control groups. */
export const runsDir = "/run/runs";
export const groups = "/sys/fs/cgroup/unit";

/** A small Linux of its own, in which commands are run one after the other. */
export interface Guest {
  /**
   * Runs one line of shell and returns what it printed.
   * @throws Error when it fails
   */
  run(command: string): Promise<string>;
}

/** One guest for all tests of a file, booted before the first; called outside of any test, it returns how to get at it. */
export function sharedGuest(): () => Guest {
  vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 }); // it is some ten times slower than the machine
  const undoings: (() => Promise<void>)[] = [];
  let guest: Guest | undefined;
  beforeAll(async () => {
    if (kernel !== undefined) guest = await boot(kernel, (undo) => undoings.unshift(undo));
  });
  afterAll(async () => {
    for (const undo of undoings) await undo();
  });
  return () => {
    if (guest === undefined) throw new Error("there is no guest: install user-mode-linux");
    return guest;
  };
}

async function boot(program: string, atEnd: (undo: () => Promise<void>) => void): Promise<Guest> {
  const folder = await temporaryFolder(atEnd);
  const machine = execa(program, await machineOf(folder), {
    env: { TMPDIR: folder }, // holds its memory
    stdin: "pipe",
    stderr: "ignore",
    reject: false,
  });
  atEnd(async () => {
    machine.kill("SIGTERM");
    await machine;
  });
  let printed = "";
  machine.stdout.on("data", (part) => {
    printed += part;
  });
  const ended = machine.then(() => {
    throw new Error(`the guest has ended: ${printed}`);
  });
  ended.catch(() => undefined); // told to whoever waits
  const until = (end: RegExp) => Promise.race([ended, vi.waitFor(() => found(end, printed), patience)]);
  await until(/the guest is ready\n/);
  return {
    run: async (command) => {
      printed = "";
      machine.stdin.write(`${command}\n`);
      const [, output, status] = await until(/^(.*)\nthe guest has run it: (\d+)\n/s);
      if (status !== "0") throw new Error(`${command} ended with ${status}: ${output}`);
      return String(output);
    },
  };
}

/** What the kernel is told; what it does not know it passes on to the guest's first process as environment. */
async function machineOf(folder: string): Promise<string[]> {
  const environment = {
    HOME: "/run",
    PYTHONPATH: [fixtures, import.meta.dirname].join(delimiter),
    QUANT_RUNS_PYTHON: await resolvePython(defaultPython(process.env, home)),
    QUANT_RUNS_DIR: runsDir,
    QUANT_RUNS_CONCURRENCY: "4",
    QUANT_RUNS_DURABILITY: "process",
  };
  return [
    ...["mem=768M", `uml_dir=${folder}`, "con=null", "con0=fd:0,fd:1", "ssl=null", "quiet"],
    ...["root=/dev/root", "rootfstype=hostfs", "rootflags=/", "rw"],
    `init=${join(import.meta.dirname, "guest-init")}`,
    ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  ];
}

const patience = { timeout: 240_000, interval: 10 };

function found(pattern: RegExp, text: string): RegExpExecArray {
  const match = pattern.exec(text);
  if (match === null) throw new Error(`the guest has not come to ${pattern}: ${text}`);
  return match;
}
