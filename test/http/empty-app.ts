import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import type { Hono } from "hono";
import { onTestFinished } from "vitest";
import { noGroups } from "../../src/cgroups/job-groups.ts";
import { type Config, completeConfig, serveOptions } from "../../src/config/config.ts";
import { Events } from "../../src/events.ts";
import { createApp } from "../../src/http/app.ts";
import { Documents } from "../../src/http/documents.ts";
import type { Server } from "../../src/http/route.ts";
import { Streams } from "../../src/http/streams.ts";
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

/** What a server runs with that was told nothing. */
function usualOptions(): Config {
  const command = new Command();
  for (const option of serveOptions()) command.addOption(option.env(`UNSET_${option.envVar}`));
  return command.parse([], { from: "user" }).opts();
}

/** An empty runs directory that looks as if a server had it. */
function served(): string {
  const folder = mkdtempSync(join(tmpdir(), "quant-runs-test-"));
  writeFileSync(join(folder, lockFile), "");
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** What a supervisor has that starts no jobs. */
export const nothingToStart = {
  environmentOf: () => ({}),
  startShim: () => Promise.reject(new Error("there is nothing to start")),
  groups: noGroups,
};

/** What such an app runs with. */
export function emptyConfig(runsDir: string = served()): Config {
  return completeConfig({ ...usualOptions(), port: 0, runsDir, durability: "process" });
}

/** The app as it is in the server, with no more jobs than are given and nothing to start any with. */
export function emptyApp(contents: Contents = {}): Hono {
  return createApp(emptyServer(contents));
}

/** What such an app answers from. */
export function emptyServer({ runsDir = served(), jobs = [], actions = {} }: Contents = {}): Server {
  const config = emptyConfig(runsDir);
  const events = new Events();
  const index = new JobIndex(events);
  index.load(jobs);
  const supervisor = {
    ...createSupervisor({ config, index, events, ...nothingToStart }),
    ...actions,
  };
  const journal = new Journal(events);
  return {
    config,
    events,
    index,
    journal,
    supervisor,
    tokens: [],
    streams: new Streams(10),
    mask: undefined,
    watcher: { isBlind: () => false },
    documents: new Documents(runsDir),
  };
}
