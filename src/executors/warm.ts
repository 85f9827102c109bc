import type { Events } from "../events.ts";
import type { Executor, Launch, Shim, StartShim } from "./executor.ts";
import { Template, TemplateGone, type TemplatePlan } from "./template.ts";

/** Between the starts of two templates: the first such pause, and the longest after many that did not last. */
const leastSecondsBetween = 1;
const mostSecondsBetween = 60;

/** A template that served for so long was a good one: its end says nothing of the next. */
const secondsToProve = 10;

/** Forks shims from a template while there is one that will do, and starts them cold otherwise. */
export function keepWarm(cold: StartShim, plan: TemplatePlan, events: Events): Executor {
  const warm = new WarmStarts(cold, plan, events);
  return { start: (launch) => warm.start(launch), begin: () => warm.renew(), end: () => warm.end() };
}

class WarmStarts {
  readonly #cold: StartShim;
  readonly #plan: TemplatePlan;
  readonly #events: Events;
  /** The latest one, ready or not. */
  #template: Template | undefined;
  #isReady = false;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isOver = false;

  constructor(cold: StartShim, plan: TemplatePlan, events: Events) {
    this.#cold = cold;
    this.#plan = plan;
    this.#events = events;
  }

  async start(launch: Launch): Promise<Shim> {
    if (!this.#isUsual(launch) || !this.#isReady || this.#template === undefined) return this.#cold(launch);
    try {
      return await this.#template.launch(launch);
    } catch (error) {
      if (!(error instanceof TemplateGone)) throw error;
      return this.#cold(launch); // should both come to run, one of them gets the claim
    }
  }

  /** Not a job with variables of its own, since what was imported ahead may have read others, or with less memory. */
  #isUsual({ environment, boundsMemory }: Launch): boolean {
    const { environment: usual, modules } = this.#plan;
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
    const template = new Template(this.#plan, {
      ready: (problems) => this.#serve(problems),
      unsafe: (problems) => this.#giveUp(problems),
      stale: () => {
        template.retire();
        replace();
      },
      ended: (how) => replace(how),
    });
    this.#template = template;
  }

  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#template?.retire();
  }

  #serve(problems: readonly string[]): void {
    this.#isReady = true;
    this.#events.emit("warm", this.#plan.runtime, this.#plan.modules);
    for (const problem of problems) this.#events.emit("trouble", `not imported ahead: ${problem}`, {});
  }

  #giveUp(problems: readonly string[]): void {
    this.#isOver = true;
    this.#events.emit("trouble", `jobs start cold: ${problems.join(", ")}`, {});
  }

  /** Sooner after a template that lasted, later and later after those that did not. */
  #renewSince(started: number, why: string | undefined): void {
    this.#isReady = false;
    if (this.#isOver) return;
    if (why !== undefined) this.#events.emit("trouble", `jobs start cold: the template ended (${why})`, {});
    const hasLasted = performance.now() - started > secondsToProve * 1000;
    this.#failures = hasLasted ? 0 : this.#failures + 1;
    const seconds = Math.min(mostSecondsBetween, leastSecondsBetween * 2 ** Math.max(0, this.#failures - 1));
    this.#timer = setTimeout(() => this.renew(), seconds * 1000);
  }
}
