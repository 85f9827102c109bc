import { join } from "node:path";
import { home } from "../support/server.ts";

/** The server under strace(1), which kills it at the n-th of these calls of one of its threads; its shims run free. */
export function killedAt(calls: string, count: number): string[] {
  const inject = `--inject=${calls}:signal=SIGKILL:when=${count}`;
  const strace = [
    "strace",
    "-D",
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "--detach-on=execve",
    `--trace=${calls}`,
    inject,
  ];
  return [...strace, process.execPath, join(home, "src", "main.ts")];
}
