import { opendir, stat } from "node:fs/promises";
import { type FileFacts, hasSettled, isSame } from "../runs/file-facts.ts";
import { expectPresent } from "../runs/run-directory.ts";
import type { Scope } from "./scope.ts";

/** How many names are read in one turn of the event loop: about a millisecond of work. */
const namesInOneTurn = 256;

/** How many jobs are looked at closely at a time. */
const mostAtOnce = 8;

type Surroundings = Pick<Scope, "config" | "index" | "events" | "refresh">;

/** Finds the ended jobs whose run directories somebody has removed: nobody tells of them, and nothing else looks at them. */
export class RemovedRuns {
  readonly #scope: Surroundings;
  /** What the runs directory was at the last look; undefined where a change right behind could have gone unnoticed. */
  #lookedAt: FileFacts | undefined;
  #isLooking = false;

  constructor(scope: Surroundings) {
    this.#scope = scope;
  }

  /**
   * Takes out of the index all ended jobs whose run directory is gone.
   * @throws RunsDirectoryAway, or the disk's error: then nothing can be said of them
   */
  async forget(): Promise<void> {
    const { runsDir } = this.#scope.config;
    await expectPresent(runsDir); // else each of a hundred thousand would be looked at for nothing
    const moment = Date.now();
    const facts = await stat(runsDir);
    const missing = await this.#missing();
    for (let start = 0; start < missing.length; start += mostAtOnce) {
      await Promise.all(missing.slice(start, start + mostAtOnce).map((jobId) => this.#scope.refresh(jobId)));
    }
    this.#lookedAt = hasSettled(facts, moment) ? facts : undefined;
  }

  /** The same where names have come or gone since the last look. It cannot fail: the next one tries again. */
  async forgetIfChanged(): Promise<void> {
    if (this.#isLooking) return; // on a disk that does not answer
    this.#isLooking = true;
    try {
      if (await this.#hasChanged()) await this.forget();
    } catch (error) {
      this.#scope.events.emit("trouble", "cannot see which runs are there; the next look tries again", {
        error,
      });
    } finally {
      this.#isLooking = false;
    }
  }

  async #hasChanged(): Promise<boolean> {
    return this.#lookedAt === undefined || !isSame(await stat(this.#scope.config.runsDir), this.#lookedAt);
  }

  /** The jobs are asked for first: whatever ends meanwhile is not among them. */
  async #missing(): Promise<string[]> {
    const missing = this.#scope.index.endedMarks();
    const folder = await opendir(this.#scope.config.runsDir, { bufferSize: namesInOneTurn });
    for await (const { name } of folder) missing.delete(name);
    return missing.ids();
  }
}
