import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { afterAll, beforeAll, onTestFinished, vi } from "vitest";
import type { z } from "zod";
import { serveOptions } from "../../src/config/config.ts";
import type { JobDocument } from "../../src/http/schemas.ts";
import { endJobsIn } from "./processes.ts";

/** The repository's own folder. */
export const home = join(import.meta.dirname, "..", "..");

/** The folder of the callables that the tests run, one tiny callable for each behaviour. */
export const fixtures = join(home, "test", "fixtures");

export type Job = z.infer<typeof JobDocument>;

export interface ServerOptions {
  readonly runsDir?: string;
  readonly env?: Record<string, string | undefined>;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** How the server is run, before its `serve`; bin/quant-runs unless said otherwise. */
  readonly command?: readonly string[];
}

export interface TestServer {
  readonly url: string;
  readonly runsDir: string;
  readonly pid: number;
  /** Its end, however it comes. */
  readonly ended: Promise<{ exitCode?: number; stderr: string }>;
  /** Every line the server has logged so far. */
  readonly log: readonly string[];
  /** SIGTERM, then the wait for its end; returns its exit code. */
  stop(): Promise<number | undefined>;
  /** SIGKILL, then the wait for its end. */
  kill(): Promise<number | undefined>;
}

/** Takes what is to be done at the end, of the test unless somebody says otherwise. */
type AtEnd = (undo: () => Promise<void>) => void;

/** A folder that is gone after the test. */
export async function temporaryFolder(atEnd: AtEnd = onTestFinished): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "quant-runs-test-"));
  atEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
  return folder;
}

/** The server's own variables, which the shell that runs the tests may have set. */
const unset = Object.fromEntries(serveOptions().map(({ envVar }) => [envVar, undefined]));

/** Starts `bin/quant-runs serve` on a free port of 127.0.0.1, with the fixtures on PYTHONPATH; it ends with the test. */
export async function startServer(
  options: ServerOptions = {},
  atEnd: AtEnd = onTestFinished,
): Promise<TestServer> {
  const runsDir = options.runsDir ?? (await temporaryFolder(atEnd));
  const [file = "", ...before] = options.command ?? [join(home, "bin", "quant-runs")];
  const subprocess = execa(file, [...before, "serve", "--port", "0", ...(options.args ?? [])], {
    cwd: options.cwd ?? fixtures,
    env: {
      ...unset,
      PYTHONPATH: fixtures,
      QUANT_RUNS_DIR: runsDir,
      QUANT_RUNS_WARM: process.env.QUANT_RUNS_TESTS_WARM, // how all tests run on cold starts: off
      ...options.env,
    },
    reject: false,
  });
  const log: string[] = [];
  const url = new Promise<string>((resolve, reject) => {
    createInterface({ input: subprocess.stdout }).on("line", (line) => {
      log.push(line);
      // Its last word before it waits for requests, so that what comes later is an answer to them.
      if (!line.includes('"msg":"limits of memory and processes ')) return;
      const listening = /"url":"([^"]+)".*"msg":"listening"/.exec(log.join("\n"));
      if (listening?.[1]) resolve(listening[1]);
    });
    subprocess.then((end) => reject(new Error(`the server ended: ${end.stderr}\n${log.join("\n")}`)));
  });
  const end = async (signal: NodeJS.Signals) => {
    subprocess.kill(signal);
    return (await subprocess).exitCode;
  };
  const server = {
    url: await url,
    runsDir,
    pid: Number(subprocess.pid),
    log,
    ended: subprocess.then(({ exitCode, stderr }) => ({
      ...(exitCode !== undefined && { exitCode }),
      stderr,
    })),
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
  };
  atEnd(async () => {
    await server.kill();
    endJobsIn(runsDir);
  });
  return server;
}

/** One server for all tests of a file, started before the first; called outside of any test, it returns how to get at it. */
export function sharedServer(options: ServerOptions = {}): () => TestServer {
  const undoings: (() => Promise<void>)[] = [];
  let server: TestServer | undefined;
  beforeAll(async () => {
    server = await startServer(options, (undo) => undoings.unshift(undo));
  });
  afterAll(async () => {
    for (const undo of undoings) await undo();
  });
  return () => {
    if (server === undefined) throw new Error("the server is started before the tests, not yet here");
    return server;
  };
}

/** Sends a request; the body, if any, goes as JSON text. */
export async function send<Body = Record<string, unknown>>(
  server: Pick<TestServer, "url">,
  path: string,
  body?: unknown,
): Promise<{ status: number; headers: Headers; body: Body; text: string }> {
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  };
  const response = await fetch(new URL(path, server.url), body === undefined ? {} : init);
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : {}, text };
}

/** Submits a job, with other members of the request if need be, and returns its id. */
export async function submit(
  server: Pick<TestServer, "url">,
  entrypoint: string,
  parameters: object = {},
  others: object = {},
): Promise<string> {
  const answer = await send<Job>(server, "/jobs", { entrypoint, parameters, ...others });
  if (answer.status !== 201) throw new Error(`the job was refused: ${answer.text}`);
  return answer.body.job_id;
}

/** Waits until something holds: repeats what throws until it does not. */
export function waitFor<Value>(check: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(check, { timeout: 45_000, interval: 20 });
}

/** Waits until a job has one of the statuses and returns it. */
export function reached(server: Pick<TestServer, "url">, jobId: string, ...statuses: string[]): Promise<Job> {
  return waitFor(async () => {
    const { body } = await send<Job>(server, `/jobs/${jobId}`);
    if (!statuses.includes(body.status)) throw new Error(`job ${jobId} is ${body.status}`);
    return body;
  });
}

/** Waits for a job's end and returns the job. */
export function ended(server: Pick<TestServer, "url">, jobId: string): Promise<Job> {
  return reached(server, jobId, "completed", "failed");
}

/** Runs a job to its end and returns it. */
export async function run(
  server: Pick<TestServer, "url">,
  entrypoint: string,
  parameters: object = {},
  others: object = {},
): Promise<Job> {
  return ended(server, await submit(server, entrypoint, parameters, others));
}
