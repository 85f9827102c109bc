import { join } from "node:path";
import { execa } from "execa";
import type { Contender } from "../contenders/contender.ts";
import { benchFolder, callables } from "../machine/folders.ts";
import { environment } from "../machine/run.ts";
import type { Peers } from "./install.ts";
import { startProgram } from "./program.ts";
import { startRedis } from "./redis.ts";

/** Another job server, running: what it is asked is said by its client, a program of its own language. */
export interface Peer extends Contender {
  /** Milliseconds from a submission to the callable, so many times. */
  latencies(count: number): Promise<number[]>;
  /** What its client prints for other questions, as JSON. */
  ask<Kind>(...question: readonly string[]): Promise<Kind>;
}

export type Installed = Extract<Peers, { python: string }>;

/** How long a client may take, in milliseconds. */
const longestAnswer = 300_000;

const scripts = join(benchFolder, "peers");

/** RQ with two workers, each of which forks for each job. */
export function startRq(installed: Installed, workers = 2): Promise<Peer> {
  const worker = [join(scripts, "rq_worker.py")];
  return startPeer(
    installed,
    "rq_client.py",
    Array.from({ length: workers }, () => worker),
    workers,
  );
}

/** Celery with its usual pool: two processes that take one job after the other. */
export function startCelery(installed: Installed): Promise<Peer> {
  const processes = 2;
  const flags = ["--concurrency", String(processes), "--loglevel", "ERROR"];
  const pool = ["-m", "celery", "-A", "celery_app", "worker", ...flags];
  return startPeer(installed, "celery_client.py", [pool], processes);
}

/** @param processes how many that take jobs its client is to see before it counts as started */
async function startPeer(
  { python, redis }: Installed,
  script: string,
  workers: readonly (readonly string[])[],
  processes: number,
): Promise<Peer> {
  const stack = new AsyncDisposableStack();
  const { url } = stack.use(await startRedis(redis));
  // As root, Celery warns and goes on.
  const variables = { REDIS_URL: url, PYTHONPATH: `${callables}:${scripts}`, PYTHONWARNINGS: "ignore" };
  const programs = workers.map((args) => stack.use(startProgram(python, args, variables)));
  const ask = async <Kind>(...question: readonly string[]): Promise<Kind> => {
    const options = { env: environment(variables), extendEnv: false, timeout: longestAnswer };
    const client = execa(python, [join(scripts, script), ...question], options);
    const { stdout } = await Promise.race([client, ...programs.map(({ ended }) => ended)]);
    return JSON.parse(stdout) as Kind;
  };
  if (processes > 0) await ask("ready", String(processes));
  return {
    run: (count) => ask("run", String(count)),
    latencies: (count) => ask("latency", String(count)),
    ask,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
