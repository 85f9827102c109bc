import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Events } from "../../src/events.ts";
import { findJobs } from "../../src/supervisor/recover.ts";
import { JobIndex } from "../../src/tracking/job-index.ts";
import { emptyConfig } from "../http/empty-app.ts";
import { temporaryFolder } from "../support/server.ts";
import { plantEnded } from "./planted-runs.ts";

test("of the names in a runs directory only those are kept of which something has to be done", async () => {
  const runsDir = await temporaryFolder();
  for (const name of ["a", "b", "c"]) plantEnded(runsDir, name, 1);
  mkdirSync(join(runsDir, ".new-d"));
  writeFileSync(join(runsDir, ".index.left-behind"), "");
  const events = new Events();
  const index = new JobIndex(events);
  const sets = { unread: new Set<string>(), withOwnEnvironment: new Set<string>() };
  const found = await findJobs({ config: emptyConfig(runsDir), index, events, ...sets });
  expect({ ...found, unfinished: found.unfinished.toSorted() }).toEqual({
    unfinished: [".index.left-behind", ".new-d"],
    uncached: 3,
  });
});
