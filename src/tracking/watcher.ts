import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { watch } from "chokidar";
import type { Events } from "../events.ts";
import { isJobId } from "../jobs/job-id.ts";
import { eventsFolder } from "../runs/run-directory.ts";

export interface Watcher {
  close(): Promise<void>;
}

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
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await Promise.all(
    (await readdir(folder)).map((name) => rm(join(folder, name), { force: true, recursive: true })),
  );
  const watcher = watch(folder, { depth: 0, ignoreInitial: true, atomic: false, followSymlinks: false });
  watcher.on("error", (error) => events.emit("trouble", "the watcher failed; sweeps go on", { error }));
  watcher.on("add", (path) => {
    const jobId = basename(path).replace(/\.[a-z]+$/, "");
    if (isJobId(jobId)) onNews(jobId);
    rm(path, { force: true }).catch((error: unknown) =>
      events.emit("trouble", "cannot remove an announcement", { job_id: jobId, error }),
    );
  });
  await new Promise<void>((resolve) => watcher.once("ready", resolve));
  return { close: () => watcher.close() };
}
