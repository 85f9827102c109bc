import { expect, test, vi } from "vitest";
import { Events } from "../../src/events.ts";
import { timestampAt } from "../../src/jobs/timestamp.ts";
import { followChanges } from "../../src/tracking/follow-changes.ts";
import { JobIndex } from "../../src/tracking/job-index.ts";
import { JobTable } from "../../src/tracking/job-table.ts";
import { Journal, mostKept } from "../../src/tracking/journal.ts";
import { latestOf } from "../../src/tracking/latest.ts";

test.each([0, 1, 7, 50, 99, 100, 101])(
  "the latest %i are those of a list that was sorted and cut",
  (most) => {
    for (const kinds of [1, 3, 20, 1000]) {
      const places = Array.from({ length: 100 }, (_, at) => 1000 + at);
      const moments = Float64Array.from(places, (place) => (place * 7919) % kinds);
      const momentOf = (place: number) => moments[place - 1000] ?? 0;
      const sorted = places.toSorted((a, b) => momentOf(a) - momentOf(b));
      const cut = sorted.slice(Math.max(0, sorted.length - most));
      expect(latestOf(places, moments, most)).toEqual(cut.toSorted((a, b) => a - b));
    }
  },
);

/** An index of pending jobs that were created one second after another, and ones that name no time. */
function indexOf(jobs: number, undated: number) {
  const events = new Events();
  const index = new JobIndex(events);
  const first = Date.UTC(2026, 0, 1) * 1000;
  const add = (number: number, created_at: string) =>
    index.add({
      job_id: `job-${number}`,
      created_at,
      entrypoint: "a:b",
      runtime: "python",
      labels: {},
      state: { status: "pending" },
    });
  for (let number = 0; number < jobs; number++) add(number, timestampAt(first + number * 1_000_000));
  for (let number = jobs; number < jobs + undated; number++) add(number, "once");
  return { events, index, first, last: first + (jobs - 1) * 1_000_000 };
}

test("those that changed latest are told, without those that are older or gone, and with those at no known time", () => {
  const { index, first, last } = indexOf(100, 3);
  for (const number of [98, 5]) index.remove(`job-${number}`);
  const ids = (since: number, most: number) =>
    index.latestChanged(since, last, most).map(({ job_id }) => job_id);
  const undated = ["job-100", "job-101", "job-102"];
  expect(ids(last - 3_000_000, 50)).toEqual([...undated, "job-96", "job-97", "job-99"]);
  expect(ids(first, 3)).toEqual(["job-101", "job-102", "job-99"]);
  expect(ids(first, 1000)).toHaveLength(101);
});

test("who comes back after long makes no more jobs than are told", async () => {
  const { events, index } = indexOf(25_000, 0);
  const made = vi.spyOn(JobTable.prototype, "get");
  const journal = new Journal(events);
  const from = { life: "another", sequence: 0, moment: 0 };
  const changes = followChanges({ index, journal }, from, new AbortController().signal);
  expect((await changes.next()).value).toMatchObject({ job: { job_id: "job-15000" } });
  expect(made).toHaveBeenCalledTimes(mostKept);
  made.mockRestore();
});
