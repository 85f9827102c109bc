import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { freePort } from "../machine/server.ts";
import { startProgram } from "./program.ts";

/** A redis of the harness's own that keeps nothing on disk; disposing of it ends it. */
export interface Redis extends AsyncDisposable {
  readonly url: string;
}

export async function startRedis(program: string): Promise<Redis> {
  const port = await freePort();
  const server = startProgram(program, [
    ...["--bind", "127.0.0.1", "--port", String(port)],
    ...["--save", "", "--appendonly", "no", "--loglevel", "warning"],
  ]);
  for (let asked = 0; asked < 500 && !(await answers(port)); asked++) await setTimeout(10);
  return { url: `redis://127.0.0.1:${port}/0`, ...server };
}

async function answers(port: number): Promise<boolean> {
  const { stdout } = await execa("redis-cli", ["-p", String(port), "ping"], { reject: false });
  return stdout === "PONG";
}
