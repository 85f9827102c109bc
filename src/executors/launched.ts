import type { Events } from "../events.ts";
import type { Executor, Launch, Shim, StartShim } from "./executor.ts";
import { Launcher, LauncherGone, type LauncherPlan } from "./launcher.ts";

/** Between the starts of two launchers: the first such pause, and the longest after many that did not last. */
const leastSecondsBetween = 1;
const mostSecondsBetween = 60;

/** A launcher that served for so long was a good one: its end says nothing of the next. */
const secondsToProve = 10;

/** Has shims started by a launcher while there is one that will do, and starts them directly otherwise. */
export function keepLauncher(direct: StartShim, plan: LauncherPlan, events: Events): Executor {
  const starts = new LaunchedStarts(direct, plan, events);
  return { start: (launch) => starts.start(launch), begin: () => starts.renew(), end: () => starts.end() };
}

class LaunchedStarts {
  readonly #direct: StartShim;
  readonly #plan: LauncherPlan;
  readonly #events: Events;
  /** The latest one, ready or not. */
  #launcher: Launcher | undefined;
  #isReady = false;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isOver = false;

  constructor(direct: StartShim, plan: LauncherPlan, events: Events) {
    this.#direct = direct;
    this.#plan = plan;
    this.#events = events;
  }

  async start(launch: Launch): Promise<Shim> {
    if (!this.#isReady || this.#launcher === undefined) return this.#direct(launch);
    try {
      return await this.#launcher.launch(launch, this.#isUsual(launch) ? undefined : launch.environment);
    } catch (error) {
      if (!(error instanceof LauncherGone)) throw error;
      return this.#direct(launch); // should both come to run, one of them gets the claim
    }
  }

  /** Not a job with variables of its own, since what was imported ahead may have read others, or with less memory. */
  #isUsual({ environment, boundsMemory }: Launch): boolean {
    const { environment: usual, modules = [] } = this.#plan;
    return environment === usual && !(boundsMemory && modules.length > 0);
  }

  renew(): void {
    const started = performance.now();
    let isReplaced = false;
    const replace = (why?: string) => {
      if (isReplaced) return;
      isReplaced = true;
      this.#renewSince(started, why);
    };
    const launcher = new Launcher(this.#plan, {
      ready: (problems) => this.#serve(problems),
      unsafe: (problems) => this.#giveUp(problems),
      stale: () => {
        launcher.retire();
        replace();
      },
      ended: (how) => replace(how),
    });
    this.#launcher = launcher;
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#launcher?.retire();
  }

  #serve(problems: readonly string[]): void {
    this.#isReady = true;
    const { runtime, modules } = this.#plan;
    if (modules !== undefined) this.#events.emit("warm", runtime, modules);
    for (const problem of problems) this.#events.emit("trouble", `not imported ahead: ${problem}`, {});
  }

  #giveUp(problems: readonly string[]): void {
    this.#isOver = true;
    this.#tellLack(problems.join(", "));
  }

  #tellLack(why: string): void {
    const consequence = this.#forks ? "jobs start cold" : "the server starts shims itself";
    this.#events.emit("trouble", `${consequence}: ${why}`, {});
  }

  get #forks(): boolean {
    return this.#plan.modules !== undefined;
  }

  /** Sooner after one that lasted, later and later after those that did not. */
  #renewSince(started: number, why: string | undefined): void {
    this.#isReady = false;
    if (this.#isOver) return;
    if (why !== undefined) this.#tellLack(`the ${this.#forks ? "template" : "launcher"} ended (${why})`);
    const hasLasted = performance.now() - started > secondsToProve * 1000;
    this.#failures = hasLasted ? 0 : this.#failures + 1;
    const seconds = Math.min(mostSecondsBetween, leastSecondsBetween * 2 ** Math.max(0, this.#failures - 1));
    this.#timer = setTimeout(() => this.renew(), seconds * 1000);
  }
}
