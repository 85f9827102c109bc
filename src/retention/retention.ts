import type { Config } from "../config/config.ts";
import type { Events } from "../events.ts";
import { completedAt, type Job } from "../jobs/job.ts";
import { microseconds } from "../jobs/timestamp.ts";
import { bytesOnDisk } from "../runs/bytes-on-disk.ts";
import { isPinned } from "../runs/pin.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { Immovable } from "../runs/trash.ts";
import type { RemoveOutcome } from "../supervisor/remove.ts";
import type { JobIndex } from "../tracking/job-index.ts";
import { Ledger } from "./ledger.ts";
import { hasRules, type Rules, ruleAgainstOldest, rulesOfAll, rulesOfEach, untilDue } from "./rules.ts";
import { Stock } from "./stock.ts";

interface Surroundings {
  readonly config: Rules & Pick<Config, "runsDir">;
  readonly index: JobIndex;
  readonly events: Events;
  readonly retire: (jobId: string) => Promise<RemoveOutcome>;
  /** Takes the ended jobs out of the index whose run directories somebody has removed. */
  readonly forgetRemoved: () => Promise<void>;
}

/** Removes ended runs by the server's rules, from now on. Without any rule it does nothing. */
export function startRetention(surroundings: Surroundings): { end(): void } {
  if (!hasRules(surroundings.config)) return { end: () => undefined };
  const retention = new Retention(surroundings);
  retention.begin();
  return retention;
}

/** How long what could not be removed is left alone, in milliseconds. */
const untilNextLook = 60_000;

/** How many runs are looked at, or removed, at a time. */
const mostAtOnce = 8;

/**
 * Knows the ended runs that a rule may remove, and removes the oldest for as long as a rule says so. Every step waits
 * for the disk, and requests pass in between. A run that is pinned, or cannot be removed, is set aside: it counts neither
 * for the number of runs nor for their bytes, and is looked at again every minute. Runs of the original wrapper are none
 * of its own.
 */
class Retention {
  readonly #surroundings: Surroundings;
  readonly #ledger = new Ledger();
  readonly #stock: Stock;
  readonly #aside = new Set<string>();
  /** Runs whose pin and size are to be looked at. */
  readonly #unseen = new Set<string>();
  readonly #complainedOf = new Set<string>();
  #isBusy = false;
  #isEnded = false;
  #isHindered = false;
  #regular: NodeJS.Timeout | undefined;
  #due: NodeJS.Timeout | undefined;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#stock = new Stock(surroundings.forgetRemoved);
  }

  begin(): void {
    const { events, index } = this.#surroundings;
    events.on("changed", (job) => completedAt(job.state) !== null && this.#see(job.job_id));
    events.on("pin", (job) => this.#see(job.job_id));
    events.on("removed", (job) => this.#forget(job));
    this.#regular = setInterval(() => this.#lookAgain(), untilNextLook).unref();
    void this.#work(index.endedIds());
  }

  end(): void {
    this.#isEnded = true;
    clearInterval(this.#regular);
    clearTimeout(this.#due);
  }

  #see(jobId: string): void {
    this.#unseen.add(jobId);
    void this.#work();
  }

  #lookAgain(): void {
    this.#isHindered = false;
    for (const jobId of this.#aside) this.#unseen.add(jobId);
    void this.#work();
  }

  /** One pass at a time; what comes up meanwhile is part of it. */
  async #work(found: readonly string[] = []): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let start = 0; start < found.length; start += mostAtOnce) {
      await this.#place(found.slice(start, start + mostAtOnce));
    }
    do {
      while (this.#unseen.size > 0) await this.#place(this.#takeUnseen());
      await this.#takeStock();
    } while (await this.#removeSome());
    this.#isBusy = false;
    this.#waitForNextDue();
  }

  #takeUnseen(): string[] {
    const taken = [...this.#unseen.values().take(mostAtOnce)];
    for (const jobId of taken) this.#unseen.delete(jobId);
    return taken;
  }

  async #place(jobIds: readonly string[]): Promise<void> {
    await Promise.all(jobIds.map((jobId) => this.#placeOne(jobId)));
  }

  async #placeOne(jobId: string): Promise<void> {
    if (this.#endOf(jobId) === undefined) return;
    const { config } = this.#surroundings;
    const directory = runDirectory(config.runsDir, jobId);
    const isKept = await isPinned(directory).catch(() => true); // nobody can tell: then it stays
    const bytes = config.keepBytes === undefined || isKept ? 0 : await bytesOnDisk(directory);
    const ended = this.#endOf(jobId); // it may have been removed meanwhile
    if (ended === undefined) return;
    this.#aside.delete(jobId);
    this.#ledger.delete({ jobId, ended });
    if (isKept) this.#aside.add(jobId);
    else {
      this.#ledger.add({ jobId, ended, bytes });
      this.#stock.doubt();
    }
  }

  /** When a run ended; undefined for one that the rules do not concern. */
  #endOf(jobId: string): number | undefined {
    const job = this.#surroundings.index.get(jobId);
    return job === undefined || job.runtime === "" ? undefined : endOf(job);
  }

  #forget(job: Job): void {
    this.#aside.delete(job.job_id);
    this.#unseen.delete(job.job_id);
    this.#complainedOf.delete(job.job_id);
    const ended = endOf(job);
    if (ended !== undefined) this.#ledger.delete({ jobId: job.job_id, ended });
  }

  /** Whether the oldest run has to go for the number or the bytes of all, if they are there. */
  get #isOverfull(): boolean {
    const rules = rulesOfAll(this.#surroundings.config);
    return ruleAgainstOldest(rules, this.#ledger, nowInMicroseconds()) !== undefined;
  }

  /** Before a run goes for the sake of others, these are looked for. */
  async #takeStock(): Promise<void> {
    if (this.#isHindered || this.#isEnded || !this.#isOverfull) return;
    if (this.#stock.isKnown || this.#stock.untilNext > 0) return;
    try {
      await this.#stock.take();
    } catch (error) {
      const what = "retention cannot see which runs are there; it tries again every minute";
      this.#surroundings.events.emit("trouble", what, { error });
    }
  }

  /** The rule by which the oldest run has to go now. */
  #ruleAgainstOldest(): string | undefined {
    const { config } = this.#surroundings;
    const rules = this.#stock.isKnown ? config : rulesOfEach(config);
    return ruleAgainstOldest(rules, this.#ledger, nowInMicroseconds());
  }

  /** Whether any was removed, so that others may have to go. */
  async #removeSome(): Promise<boolean> {
    const removals: Promise<void>[] = [];
    while (removals.length < mostAtOnce && !this.#isHindered && !this.#isEnded) {
      const rule = this.#ruleAgainstOldest();
      const run = rule === undefined ? undefined : this.#ledger.takeOldest();
      if (rule === undefined || run === undefined) break;
      removals.push(this.#remove(run.jobId, rule));
    }
    await Promise.all(removals);
    return removals.length > 0;
  }

  async #remove(jobId: string, rule: string): Promise<void> {
    const { events, retire } = this.#surroundings;
    try {
      const outcome = await retire(jobId);
      if (outcome === "removed") events.emit("retired", jobId, rule);
      else if (outcome !== "unknown") this.#aside.add(jobId);
    } catch (error) {
      this.#aside.add(jobId);
      this.#isHindered ||= !(error instanceof Immovable);
      this.#complain(jobId, error);
    }
  }

  #complain(jobId: string, error: unknown): void {
    if (this.#complainedOf.has(jobId)) return;
    this.#complainedOf.add(jobId);
    const what = "retention cannot remove a run now; it tries again every minute";
    this.#surroundings.events.emit("trouble", what, { job_id: jobId, error });
  }

  /** The minute's look would come late for a run that is due before. */
  #waitForNextDue(): void {
    clearTimeout(this.#due);
    const untilTooOld = untilDue(this.#surroundings.config, this.#ledger, nowInMicroseconds());
    const wait = Math.min(untilTooOld, this.#isOverfull ? this.#stock.untilNext : Infinity);
    if (this.#isEnded || this.#isHindered || wait >= untilNextLook) return;
    this.#due = setTimeout(() => void this.#work(), Math.max(wait, 1)).unref();
  }
}

/** Undefined for a run that has not ended, or whose record names no time: that one stays. */
function endOf({ state }: Job): number | undefined {
  const ended = microseconds(completedAt(state) ?? "");
  return Number.isNaN(ended) ? undefined : ended;
}

function nowInMicroseconds(): number {
  return Date.now() * 1000;
}
