import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hono } from "hono";
import { onTestFinished } from "vitest";
import { completeConfig } from "../../src/config.ts";
import { Events } from "../../src/events.ts";
import { createApp } from "../../src/http/app.ts";
import type { Job } from "../../src/jobs/job.ts";
import { lockFile } from "../../src/runs/run-directory.ts";
import { createSupervisor, type Supervisor } from "../../src/supervisor/supervisor.ts";
import { JobIndex } from "../../src/tracking/job-index.ts";
import { Journal } from "../../src/tracking/journal.ts";

interface Contents {
  readonly runsDir?: string;
  readonly jobs?: readonly Job[];
  /** What stands in for the supervisor's own actions. */
  readonly actions?: Partial<Supervisor>;
}

/** An empty runs directory that looks as if a server had it. */
function served(): string {
  const folder = mkdtempSync(join(tmpdir(), "quant-runs-test-"));
  writeFileSync(join(folder, lockFile), "");
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** The app as it is in the server, with no more jobs than are given and nothing to start any with. */
export function emptyApp({ runsDir = served(), jobs = [], actions = {} }: Contents = {}): Hono {
  const options = {
    host: "127.0.0.1",
    port: 0,
    runsDir,
    entrypoint: undefined,
    concurrency: 1,
    keepStrays: false,
  };
  const config = completeConfig({
    ...options,
    logLevel: "info",
    python: "python3",
    durability: "process",
    defaultTimeoutSeconds: undefined,
  });
  const events = new Events();
  const index = new JobIndex(events);
  index.load(jobs);
  const startShim = () => {
    throw new Error("there is nothing to start");
  };
  const supervisor = { ...createSupervisor({ config, index, events, startShim }), ...actions };
  const journal = new Journal(events);
  return createApp({ config, events, index, journal, supervisor, watcher: { isBlind: () => false } });
}
