import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { execa } from "execa";
import { z } from "zod";
import { ShimClaim } from "../runs/claim.ts";
import { type Launch, type Shim, type ShimEnd, unseenEnd } from "./executor.ts";
import { runEntrypoint } from "./spawn.ts";

/** What a launcher tells of itself and of the shims it starts, one JSON object a line. */
const News = z.discriminatedUnion("event", [
  z.object({ event: z.literal("ready"), problems: z.array(z.string()) }),
  z.object({ event: z.literal("unsafe"), problems: z.array(z.string()) }),
  z.object({ event: z.literal("stale"), changed: z.string(), was_fresh: z.boolean() }),
  z.object({ event: z.literal("started"), launch: z.int(), pid: z.int().positive() }),
  z.object({ event: z.literal("claimed"), launch: z.int(), claim: ShimClaim }),
  z.object({ event: z.literal("refused"), launch: z.int(), code: z.string() }),
  z.object({
    event: z.literal("ended"),
    launch: z.int(),
    exit_code: z.int().nullable(),
    signal: z.string().nullable(),
  }),
]);
type News = z.infer<typeof News>;

/** Why a launcher starts no more shims. */
export type Leave =
  /** It must not be forked, by what was imported. */
  | { readonly kind: "unsafe"; readonly problems: readonly string[] }
  /** What it has imported has changed: this file, or something in this folder, from the first look on unless `wasFresh`. */
  | { readonly kind: "stale"; readonly changed: string; readonly wasFresh: boolean }
  /** With what the kernel says of its end. */
  | { readonly kind: "ended"; readonly how: string };

/** What whoever started a launcher wants to know of it. */
export interface Owner {
  ready(problems: readonly string[]): void;
  /** The last news, told once. Shims that it has started may still run. */
  left(leave: Leave): void;
}

export interface LauncherPlan {
  readonly runtime: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Names of modules that a template imports ahead, which forks its shims; undefined for one that starts all of them cold. */
  readonly modules: readonly string[] | undefined;
}

/** The launcher ended, or gave no answer, before it had started the shim it was asked for. */
export class LauncherGone extends Error {
  override readonly name = "LauncherGone";
}

/** One that starts none for so long is stopped, or its import has left it in no state to be used. */
const secondsToStart = 10;

interface Launched {
  readonly onClaim: Launch["onClaim"];
  readonly begun: PromiseWithResolvers<Shim>;
  readonly ended: PromiseWithResolvers<ShimEnd>;
  readonly patience: NodeJS.Timeout;
}

/** A process of the runtime that starts a shim whenever it is asked for one: a fork of the server would hold up requests. */
export class Launcher {
  readonly #process;
  readonly #owner: Owner;
  readonly #launches = new Map<number, Launched>();
  #count = 0;
  #hasLeft = false;

  constructor({ runtime, modules, environment }: LauncherPlan, owner: Owner) {
    const kind = modules === undefined ? ["--launcher", runtime] : ["--template", runtime, modules.join(",")];
    this.#owner = owner;
    this.#process = execa(runEntrypoint, kind, {
      // What an import prints is nobody's log; what it complains of stands beside the server's own.
      stdio: ["pipe", "ignore", "inherit", "pipe"],
      detached: true, // a key that stops the server, such as Ctrl-C, must not reach it
      buffer: false,
      reject: false,
      extendEnv: false,
      env: Object.assign(Object.create(null), environment),
    });
    this.#process.stdin.on("error", () => undefined); // it has ended, which is told below
    // Its end is its exit: others, which an import has started, may hold its streams open for longer.
    this.#process.nodeChildProcess.once("exit", (code, signal) => this.#end(signal ?? `exit code ${code}`));
    void this.#process.then(({ code }) => this.#end(code ?? "its streams ended"));
    const news = this.#process.stdio[3];
    if (news instanceof Readable) createInterface({ input: news }).on("line", (line) => this.#take(line));
  }

  /**
   * Asks for a shim of this run directory, a cold one where it is to have an environment other than the launcher's.
   * @throws LauncherGone when none was started as far as can be seen
   */
  launch({ directory, runtime, onClaim }: Launch, environment?: Launch["environment"]): Promise<Shim> {
    const launch = this.#count++;
    const launched: Launched = {
      onClaim,
      begun: Promise.withResolvers(),
      ended: Promise.withResolvers(),
      patience: setTimeout(() => this.#abandon("it started no shim for too long"), secondsToStart * 1000),
    };
    this.#launches.set(launch, launched);
    this.#process.stdin.write(`${JSON.stringify({ launch, directory, runtime, environment })}\n`);
    return launched.begun.promise;
  }

  /** It ends when its last shim has; at once when the server does. */
  retire(): void {
    this.#process.stdin.end();
  }

  /** Whatever becomes of it, it is not waited for any more. */
  #abandon(why: string): void {
    this.#process.kill("SIGKILL");
    this.#end(why);
  }

  #end(how: string): void {
    for (const launch of [...this.#launches.keys()]) this.#finish(launch, unseenEnd);
    this.#leave({ kind: "ended", how });
  }

  #leave(leave: Leave): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.retire();
    this.#owner.left(leave);
  }

  #take(line: string): void {
    const news = News.safeParse(parsed(line));
    if (news.success) this.#hear(news.data);
    else this.#abandon("something that was imported writes where only the launcher may");
  }

  #hear(news: News): void {
    switch (news.event) {
      case "ready":
        if (!this.#hasLeft) this.#owner.ready(news.problems);
        break;
      case "unsafe":
        this.#leave({ kind: "unsafe", problems: news.problems });
        break;
      case "stale":
        this.#leave({ kind: "stale", changed: news.changed, wasFresh: news.was_fresh });
        break;
      case "started":
        this.#begin(news.launch, news.pid);
        break;
      case "claimed":
        this.#launches.get(news.launch)?.onClaim(news.claim);
        break;
      case "refused":
        this.#begin(news.launch, undefined, { ...unseenEnd, spawnError: news.code });
        break;
      case "ended":
        this.#finish(news.launch, endOf(news.exit_code, news.signal));
        break;
    }
  }

  #begin(launch: number, pid: number | undefined, end?: ShimEnd): void {
    const launched = this.#launches.get(launch);
    if (launched === undefined) return;
    clearTimeout(launched.patience);
    launched.begun.resolve({ pid, ended: launched.ended.promise });
    if (end !== undefined) this.#finish(launch, end);
  }

  #finish(launch: number, end: ShimEnd): void {
    const launched = this.#launches.get(launch);
    this.#launches.delete(launch);
    clearTimeout(launched?.patience);
    launched?.begun.reject(new LauncherGone("the launcher ended before it started a shim"));
    launched?.ended.resolve(end);
  }
}

function endOf(exitCode: number | null, signal: string | null): ShimEnd {
  return { ...unseenEnd, exitCode: exitCode ?? undefined, signal: signal ?? undefined };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // no news, which the caller deals with
  }
}
