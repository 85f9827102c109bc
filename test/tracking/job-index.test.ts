import { expect, test } from "vitest";
import { Events } from "../../src/events.ts";
import { type Job, type State, startedAt } from "../../src/jobs/job.ts";
import { microseconds, timestampAt } from "../../src/jobs/timestamp.ts";
import type { JobFilter } from "../../src/tracking/job-filter.ts";
import { JobIndex } from "../../src/tracking/job-index.ts";
import type { Place } from "../../src/tracking/job-order.ts";
import { jobsIn } from "./jobs-in.ts";

/** Numbers that look like chance and are the same every time (mulberry32). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const first = Date.UTC(2026, 0, 1) * 1000;
const entrypoints = ["a:b", "c:d", ""];
const names = ["desk", "run", "toString"];

/** Timestamps of every kind that records hold: ours, several at one moment, the original's, none at all. */
function timestamp(random: (below: number) => number): string {
  const moment = first + random(50) * 1_000_000 + random(2) * random(1_000_000);
  const texts = [
    timestampAt(moment),
    timestampAt(moment).slice(0, -6),
    new Date(moment / 1000).toISOString(),
    "2026-01-01T00:00:10+02:00",
    "1955-11-05T06:15:00.000001+00:00",
    "once upon a time",
    "",
  ];
  return texts[random(4) ? 0 : random(texts.length)] ?? "";
}

function stateOf(random: (below: number) => number): State {
  const started_at = timestamp(random);
  const shim = { pid: 7, start_time_ticks: 1, boot_id: "b", pid_namespace: null, host: "h" };
  const states: State[] = [
    { status: "pending" },
    { status: "running", started_at, shim: random(2) ? shim : null },
    { status: "completed", started_at, completed_at: timestamp(random) },
    { status: "failed", started_at: random(2) ? started_at : null, completed_at: timestamp(random) },
  ];
  return states[random(4)] ?? { status: "pending" };
}

function job(random: (below: number) => number, number: number): Job {
  const labels = Object.fromEntries(names.filter(() => random(2)).map((name) => [name, `v${random(3)}`]));
  return {
    job_id: `job-${(number * 7919) % 10_007}`,
    created_at: timestamp(random),
    entrypoint: entrypoints[random(3)] ?? "",
    runtime: "python",
    labels,
    state: stateOf(random),
    ...(random(5) === 0 && { submission: { key: `key ${number}`, digest: "digest" } }),
  };
}

/** The same list, the simple way. */
function expected(jobs: readonly Job[], filter: JobFilter, limit: number, behind?: Place) {
  const key = (each: Job) => Math.max(microseconds(each.created_at) || 0, 0);
  const inOrder = jobs.toSorted((a, b) => key(b) - key(a) || (a.job_id < b.job_id ? 1 : -1));
  const matching = inOrder.filter((each) => {
    const created = microseconds(each.created_at);
    const isDated = filter.createdFrom !== undefined || filter.createdBefore !== undefined;
    return (
      (filter.status ?? each.state.status) === each.state.status &&
      (filter.entrypoint ?? each.entrypoint) === each.entrypoint &&
      (filter.labels ?? []).every(([name, value]) =>
        Object.entries(each.labels).some((own) => own[0] === name && own[1] === value),
      ) &&
      (!isDated ||
        (created >= (filter.createdFrom ?? -Infinity) && created < (filter.createdBefore ?? Infinity)))
    );
  });
  const left = matching.filter(
    (each) =>
      behind === undefined ||
      key(each) < behind.created ||
      (key(each) === behind.created && each.job_id < behind.jobId),
  );
  const last = left[limit - 1];
  const next = last && left.length > limit ? { created: key(last), jobId: last.job_id } : undefined;
  return { ids: left.slice(0, limit).map((each) => each.job_id), next, total: matching.length };
}

function filterOf(random: (below: number) => number): JobFilter {
  const moment = () => first + (random(60) - 5) * 1_000_000;
  return {
    ...(random(3) === 0 && { status: ["pending", "running", "completed", "failed", "other"][random(5)] }),
    ...(random(4) === 0 && { entrypoint: entrypoints[random(3)] }),
    ...(random(4) === 0 && { labels: [[names[random(3)] ?? "", `v${random(3)}`]] as [string, string][] }),
    ...(random(4) === 0 && { createdFrom: [moment(), -1, 0][random(3)] }),
    ...(random(4) === 0 && { createdBefore: [moment(), -1, 0][random(3)] }),
  };
}

function compare(index: JobIndex, jobs: ReadonlyMap<string, Job>, random: (below: number) => number): void {
  const all = [...jobs.values()];
  for (let count = 0; count < 30; count++) {
    const filter = filterOf(random);
    const limit = [0, 1, 7, 1000][random(4)] ?? 0;
    const page = index.list(filter, limit);
    expect(page).toEqual(expected(all, filter, limit));
    const behind = page.next ?? { created: first + random(50) * 1_000_000, jobId: `job-${random(10_007)}` };
    expect(index.list(filter, limit, behind)).toEqual(expected(all, filter, limit, behind));
  }
  for (const [jobId, known] of jobs) expect(index.get(jobId)).toEqual(known);
  for (const status of ["pending", "running", "completed", "failed"] as const) {
    const ids = expected(all, { status }, Infinity).ids.toReversed();
    expect(index.count(status)).toBe(ids.length);
    expect(index.withStatus(status).map(({ job_id }) => job_id)).toEqual(ids);
  }
  expect(jobsIn(index)).toHaveLength(jobs.size);
}

test.each([1, 2, 3])("jobs that come, change and go are listed as their records say (seed %i)", (seed) => {
  const random = chance(seed);
  const index = new JobIndex(new Events());
  const jobs = new Map<string, Job>();
  const made = Array.from({ length: 400 }, (_, number) => job(random, number));
  index.load(made.slice(0, 300));
  for (const each of made.slice(0, 300)) jobs.set(each.job_id, each);
  compare(index, jobs, random);
  for (const each of made.slice(300)) {
    index.add(each);
    jobs.set(each.job_id, each);
    const { job_id } = made[random(300)] ?? each;
    if (random(2)) {
      index.remove(job_id);
      jobs.delete(job_id);
    }
    const known = jobs.get(job_id);
    if (known?.state.status === "pending") {
      const state: State = { status: "running", started_at: timestamp(random), shim: null };
      index.change(job_id, state);
      jobs.set(job_id, { ...known, state });
    }
  }
  compare(index, jobs, random);
});

test("thousands of jobs that were removed leave the others in order, and their keys free", () => {
  const random = chance(4);
  const index = new JobIndex(new Events());
  const jobs = new Map<string, Job>();
  for (let number = 0; number < 6000; number++) {
    const added = job(random, number);
    index.add(added);
    jobs.set(added.job_id, added);
    if (number < 2000) continue;
    const removed = `job-${((number - 2000) * 7919) % 10_007}`;
    const key = jobs.get(removed)?.submission?.key;
    index.remove(removed);
    jobs.delete(removed);
    if (key !== undefined) expect(index.submittedBy(key)).toBeUndefined();
  }
  compare(index, jobs, random);
});

test("an ending is final, and an unknown job changes nothing", () => {
  const index = new JobIndex(new Events());
  const ended = {
    ...job(chance(5), 1),
    state: { status: "failed", started_at: null, completed_at: "" } as const,
  };
  index.add(ended);
  index.change(ended.job_id, { status: "running", started_at: "", shim: null });
  index.change("unknown", { status: "running", started_at: "", shim: null });
  index.remove("unknown");
  expect(jobsIn(index)).toEqual([ended]);
  expect(startedAt(jobsIn(index)[0]?.state ?? { status: "pending" })).toBeNull();
});
