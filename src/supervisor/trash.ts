import type { Config } from "../config/config.ts";
import type { Events } from "../events.ts";
import { deleteTree } from "../runs/delete-tree.ts";
import { syncFolder } from "../runs/record-file.ts";
import { trashIn } from "../runs/trash.ts";

/** How many runs are deleted at a time: each holds a thread of the few that all work on files shares. */
const mostAtOnce = 2;

/** How many runs may wait to be deleted before whoever removes many at a time should wait, too. */
const mostWaiting = 100;

/** Deletes in the background what was moved to the trash: that may take minutes, and nobody waits for it. */
export class Trash {
  readonly #config: Pick<Config, "runsDir" | "durability">;
  readonly #events: Events;
  readonly #waiting: string[] = [];
  #unsynced: string[] = [];
  #syncing: Promise<void> = Promise.resolve();
  #nextSync: Promise<void> | undefined;
  #busy = 0;
  #nextDeletion = Promise.withResolvers<void>();

  constructor(config: Pick<Config, "runsDir" | "durability">, events: Events) {
    this.#config = config;
    this.#events = events;
  }

  /**
   * Takes what was moved to the trash. Settles when the move outlives what it shall, before which nothing is deleted: a
   * loss of power must not bring half a run back. Whoever moves meanwhile shares one fsync(2).
   */
  take(path: string): Promise<void> {
    this.#unsynced.push(path);
    this.#nextSync ??= this.#syncing.then(() => this.#sync());
    return this.#nextSync;
  }

  /** Takes what a server left that was killed before it had deleted it. */
  async takeLeftovers(): Promise<void> {
    try {
      for await (const path of trashIn(this.#config.runsDir)) this.#waiting.push(path);
      this.#empty();
    } catch (error) {
      this.#events.emit("trouble", "cannot look for trash; the next start tries again", { error });
    }
  }

  /** Settles when little is left to delete. */
  async catchUp(): Promise<void> {
    while (this.#waiting.length > mostWaiting) await this.#nextDeletion.promise;
  }

  async #sync(): Promise<void> {
    const moved = this.#unsynced;
    this.#unsynced = [];
    this.#syncing = this.#nextSync ?? this.#syncing;
    this.#nextSync = undefined;
    try {
      await syncFolder(this.#config.runsDir, this.#config.durability);
      this.#waiting.push(...moved);
      this.#empty();
    } catch (error) {
      const what = "a removal may not outlive a loss of power; the next start deletes what is left of it";
      this.#events.emit("trouble", what, { error });
    }
  }

  #empty(): void {
    while (this.#busy < mostAtOnce && this.#waiting.length > 0) {
      this.#busy++;
      void this.#deleteNext().finally(() => {
        this.#busy--;
        this.#nextDeletion.resolve();
        this.#nextDeletion = Promise.withResolvers<void>();
        this.#empty();
      });
    }
  }

  async #deleteNext(): Promise<void> {
    const path = this.#waiting.pop();
    if (path === undefined) return;
    try {
      await deleteTree(path);
    } catch (error) {
      this.#events.emit("trouble", `cannot delete all of ${path}; the next start tries again`, { error });
    }
  }
}
