import { expect, test, vi } from "vitest";
import { Events } from "../../src/events.ts";
import { startRetention } from "../../src/retention/retention.ts";
import { JobIndex } from "../../src/tracking/job-index.ts";
import { JobTable } from "../../src/tracking/job-table.ts";
import { temporaryFolder } from "../support/server.ts";

test("the runs that are there at the start are taken up few at a time", async () => {
  const events = new Events();
  const index = new JobIndex(events);
  const time = "2026-01-01T00:00:00.000000+00:00";
  const state = { status: "completed", started_at: null, completed_at: time } as const;
  for (let number = 0; number < 1000; number++)
    index.add({
      job_id: `${number}`,
      created_at: time,
      entrypoint: "a:b",
      runtime: "python",
      labels: {},
      state,
    });
  const made = vi.spyOn(JobTable.prototype, "get");
  const retention = startRetention({
    config: { runsDir: await temporaryFolder(), keepDays: undefined, keepRuns: 2000, keepBytes: undefined },
    index,
    events,
    retire: async () => "unknown",
    forgetRemoved: async () => undefined,
  });
  expect(made.mock.calls.length).toBeLessThan(20);
  retention.end();
  made.mockRestore();
});
