import { lstat, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { watch } from "chokidar";
import type { Events } from "../events.ts";
import { isJobId } from "../jobs/job-id.ts";
import { exists } from "../runs/record-file.ts";
import { eventsFolder, lockFile } from "../runs/run-directory.ts";

export interface Watcher {
  /** Whether news no longer comes: the kernel's watches or inotify instances are used up. */
  isBlind(): boolean;
  close(): Promise<void>;
}

/** Announcements of the server to itself, by which it finds out whether it still sees any. */
const probe = ".probe";
const secondsBetweenProbes = 5;

/**
 * Watches the one folder where shims announce news, and tells of each job that has some. It makes news fast and nothing
 * else: events get lost under load (inotify(7)), and the sweep finds what was missed.
 */
export async function startWatcher(
  runsDirectory: string,
  onNews: (jobId: string) => void,
  events: Events,
): Promise<Watcher> {
  const folder = join(runsDirectory, eventsFolder);
  await prepare(folder);
  const sight = new Sight(folder, events);
  const watcher = watch(folder, { depth: 0, ignoreInitial: true, atomic: false, followSymlinks: false });
  watcher.on("error", (error) => sight.lose(error));
  watcher.on("add", (path) => {
    const name = basename(path);
    const jobId = name.replace(/\.[a-z]+$/, "");
    if (name.startsWith(probe)) sight.confirm();
    else if (isJobId(jobId)) onNews(jobId);
    rm(path, { force: true }).catch((error: unknown) =>
      events.emit("trouble", "cannot remove an announcement", { job_id: jobId, error }),
    );
  });
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  const timer = setInterval(() => void sight.test(), secondsBetweenProbes * 1000);
  await sight.test();
  return {
    isBlind: () => sight.isLost,
    close: () => {
      clearInterval(timer);
      return watcher.close();
    },
  };
}

async function prepare(folder: string): Promise<void> {
  const facts = await lstat(folder).catch(() => undefined);
  if (facts !== undefined && !facts.isDirectory()) await rm(folder); // a link would have its target emptied
  if (facts?.isDirectory() !== true) await mkdir(folder, { mode: 0o700 });
  await Promise.all(
    (await readdir(folder)).map((name) => rm(join(folder, name), { force: true, recursive: true })),
  );
}

/** Whether the watcher sees: each test writes a file, and one that was not seen by the next test says no. */
class Sight {
  readonly #folder: string;
  readonly #events: Events;
  #isAwaited = false;
  #count = 0;
  isLost = false;

  constructor(folder: string, events: Events) {
    this.#folder = folder;
    this.#events = events;
  }

  async test(): Promise<void> {
    if (this.#isAwaited) this.lose(new Error("a file was written and not seen"));
    this.#isAwaited = true;
    try {
      if (this.isLost) await this.#tidy();
      await writeFile(join(this.#folder, `${probe}${this.#count++}`), "");
    } catch (error) {
      this.lose(error);
    }
  }

  /** Nobody else takes away what is announced meanwhile. Nothing is made where the runs directory is away. */
  async #tidy(): Promise<void> {
    if (await exists(join(dirname(this.#folder), lockFile))) await prepare(this.#folder);
  }

  confirm(): void {
    this.#isAwaited = false;
    this.isLost = false;
  }

  lose(error: unknown): void {
    if (!this.isLost) this.#events.emit("trouble", "the watcher is blind; sweeps take its place", { error });
    this.isLost = true;
  }
}
