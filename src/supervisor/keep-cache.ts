import { setImmediate } from "node:timers/promises";
import { isTerminal } from "../jobs/status.ts";
import { isLocal } from "../runs/local-disk.ts";
import { expectPresent } from "../runs/run-directory.ts";
import { writeCache } from "../tracking/index-cache.ts";
import { proveEnded } from "./ended-jobs.ts";
import type { Scope } from "./scope.ts";

/** Fewer ended jobs than this are read in no time, and so many more than the cache knows are worth to write it anew. */
const leastRuns = 1000;

const secondsBetweenLooks = 60;

/** How many run directories are read at a time. */
const mostAtOnce = 8;

type Surroundings = Pick<Scope, "config" | "index" | "events">;

/** Keeps the cache on disk about as the index is, in the background; where that cannot be done nothing is lost. */
export class CacheKeeper {
  readonly #scope: Surroundings;
  #changes: number;
  #writing = Promise.resolve();
  readonly #timer: NodeJS.Timeout;

  /** @param changes how many ended jobs there are of which the cache does not know */
  constructor(scope: Surroundings, changes: number) {
    this.#scope = scope;
    this.#changes = changes;
    scope.events.on("changed", ({ state }) => isTerminal(state.status) && this.#changes++);
    scope.events.on("removed", () => this.#changes++);
    this.#timer = setInterval(() => this.#look(), secondsBetweenLooks * 1000).unref();
    this.#look();
  }

  #look(): void {
    if (this.#changes >= leastRuns) void this.#write();
  }

  /** Writes what has changed. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#writing;
    const { index } = this.#scope;
    const runs = index.count("completed") + index.count("failed");
    if (this.#changes > 0 && runs >= leastRuns) await this.#write();
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeNow());
    return this.#writing;
  }

  async #writeNow(): Promise<void> {
    const { config, index, events } = this.#scope;
    if (!isLocal(config.runsDir)) return; // nobody would read it
    const changes = this.#changes;
    this.#changes = 0;
    try {
      await expectPresent(config.runsDir); // nothing must land on the disk below a mount point
      const tooNew = await this.#proveAll();
      await writeCache(index, config.runsDir);
      this.#changes += tooNew;
    } catch (error) {
      this.#changes += changes;
      events.emit("trouble", "cannot write the cache of the index; the next start takes longer", { error });
    }
  }

  /** Those that have ended since the start, or whose records were too new then; returns how many are so still. */
  async #proveAll(): Promise<number> {
    const unproven = this.#scope.index.unprovenIds();
    let tooNew = 0;
    for (let start = 0; start < unproven.length; start += mostAtOnce) {
      const some = unproven.slice(start, start + mostAtOnce);
      const outcomes = await Promise.all(some.map((jobId) => proveEnded(this.#scope, jobId)));
      tooNew += outcomes.filter((outcome) => outcome === "too new").length;
      await setImmediate(); // requests pass in between
    }
    return tooNew;
  }
}
