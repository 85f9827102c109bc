import { createInterface } from "node:readline";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import { fixtures, waitFor } from "../support/server.ts";

interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A program that a person started, in a process group of its own as a terminal would give it. */
export interface Program {
  readonly pid: number;
  /** Every line of its output so far. */
  readonly lines: readonly string[];
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | undefined>;
  /** Waits until it has told for the nth time that it listens, and returns where. */
  listening(times?: number): Promise<{ url: string }>;
}

/** Starts a program that ends, with all it has started in its group, when the test does. */
export function startProgram(command: string, args: readonly string[], { cwd, env }: Surroundings): Program {
  const subprocess = execa(command, args, {
    cwd,
    env: { PYTHONPATH: fixtures, MDPS_ENTRYPOINT: undefined, ...env },
    stdin: "ignore",
    detached: true,
    reject: false,
  });
  const pid = Number(subprocess.pid);
  onTestFinished(() => endGroup(pid));
  const lines: string[] = [];
  createInterface({ input: subprocess.stdout }).on("line", (line) => lines.push(line));
  return {
    pid,
    lines,
    ended: subprocess.then(({ exitCode }) => exitCode),
    listening: (times = 1) =>
      waitFor(() => {
        const urls = lines.flatMap((line) => /"url":"([^"]+)".*"msg":"listening"/.exec(line)?.[1] ?? []);
        const url = urls[times - 1];
        if (url === undefined) throw new Error(`not listening for the ${times}. time:\n${lines.join("\n")}`);
        return { url };
      }),
  };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    return; // it has ended already
  }
}

/** Whether nobody listens at an address any more. */
export async function isSilent({ url }: { url: string }): Promise<boolean> {
  try {
    await fetch(url);
    return false;
  } catch {
    return true;
  }
}
