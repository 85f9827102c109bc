import type { Events } from "../events.ts";
import type { Executor, Launch, Shim, StartShim } from "./executor.ts";
import { Launcher, LauncherGone, type LauncherPlan, type Leave } from "./launcher.ts";

/** Between the starts of two launchers: the first such pause, and the longest after many that did not last. */
const leastSecondsBetween = 1;
const mostSecondsBetween = 60;

/** Whoever edits a file gets the next template soon, however often; what changes by itself all the time is looked at less. */
const editsForFree = 4;
const mostSecondsAfterEdit = 8;

/** A launcher that served for so long was a good one: its end says nothing of the next. */
const secondsToProve = 10;

/** Has shims started by a launcher while there is one that will do, and starts them directly otherwise. */
export function keepLauncher(direct: StartShim, plan: LauncherPlan, events: Events): Executor {
  const starts = new LaunchedStarts(direct, plan, events);
  return { start: (launch) => starts.start(launch), begin: () => starts.renew(), end: () => starts.end() };
}

class LaunchedStarts {
  readonly #direct: StartShim;
  readonly #events: Events;
  #plan: LauncherPlan;
  /** The latest one, ready or not. */
  #launcher: Launcher | undefined;
  #isReady = false;
  #timer: NodeJS.Timeout | undefined;
  /** How many did not last, one after the other. */
  #shortLived = 0;
  #isOver = false;

  constructor(direct: StartShim, plan: LauncherPlan, events: Events) {
    this.#direct = direct;
    this.#plan = plan;
    this.#events = events;
  }

  async start(launch: Launch): Promise<Shim> {
    if (!this.#isReady || this.#launcher === undefined || launch.isRetry) return this.#direct(launch);
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
    let ready = Infinity;
    this.#launcher = new Launcher(this.#plan, {
      ready: (problems) => {
        ready = performance.now();
        this.#serve(problems);
      },
      left: (leave) => this.#replace(leave, performance.now() - ready > secondsToProve * 1000),
    });
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

  #replace(leave: Leave, hasLasted: boolean): void {
    this.#isReady = false;
    if (this.#isOver) return;
    this.#shortLived = hasLasted ? 0 : this.#shortLived + 1;
    this.#tell(leave);
    if (leave.kind === "unsafe") this.#plan = { ...this.#plan, modules: undefined };
    this.#timer = setTimeout(() => this.renew(), secondsToWait(leave, this.#shortLived) * 1000);
  }

  #tell(leave: Leave): void {
    const [who, consequence] =
      this.#plan.modules === undefined
        ? ["launcher", "the server starts shims itself"]
        : ["template", "jobs start cold"];
    if (leave.kind === "unsafe") this.#complain(`${consequence}: ${leave.problems.join(", ")}`);
    if (leave.kind === "ended") this.#complain(`${consequence}: the ${who} ended (${leave.how})`);
    if (leave.kind === "stale" && this.#shortLived > editsForFree)
      this.#complain(`${consequence} for a while: ${leave.changed} changes again and again`);
  }

  #complain(sentence: string): void {
    this.#events.emit("trouble", sentence, {});
  }
}

/** Longer and longer after those that did not last. */
function secondsToWait(leave: Leave, shortLived: number): number {
  const isEdit = leave.kind === "stale" && leave.wasFresh;
  const [free, most] = isEdit ? [editsForFree, mostSecondsAfterEdit] : [1, mostSecondsBetween];
  return Math.min(most, leastSecondsBetween * 2 ** Math.max(0, shortLived - free));
}
