import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Events } from "../../src/events.ts";
import type { Job as IndexedJob, State } from "../../src/jobs/job.ts";
import { followChanges, type Position } from "../../src/tracking/follow-changes.ts";
import { JobIndex } from "../../src/tracking/job-index.ts";
import { Journal } from "../../src/tracking/journal.ts";
import { openSocket, requestText } from "../http/raw.ts";
import { eventsOf, type ServerEvent } from "../support/event-stream.ts";
import { residentBytes } from "../support/processes.ts";
import {
  ended,
  run,
  send,
  sharedServer,
  startServer,
  submit,
  type TestServer,
  temporaryFolder,
} from "../support/server.ts";

const server = sharedServer({ args: ["--concurrency", "2"] });

/** The statuses that a stream tells of each job, from the first event on until enough have ended. */
async function told(
  of: Pick<TestServer, "url">,
  isEnough: (events: readonly ServerEvent[]) => boolean,
  lastId?: string,
  begin: () => Promise<unknown> = async () => undefined,
): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  let begun: Promise<unknown> | undefined;
  for await (const event of eventsOf(of, "/events", lastId)) {
    begun ??= begin(); // the stream is there
    events.push(event);
    if (isEnough(events)) break;
  }
  await begun;
  return events;
}

const statusesOf = (events: readonly ServerEvent[], jobId: string) =>
  events.filter(({ data }) => data.job_id === jobId).map(({ data }) => data.status);

const endsOf = (count: number) => (events: readonly ServerEvent[]) =>
  events.filter(({ data }) => ["completed", "failed"].includes(String(data.status))).length >= count;

test("every change of every job is told, in order, with the job as it was then", async () => {
  const ids: string[] = [];
  const events = await told(server(), endsOf(8), undefined, async () => {
    for (let number = 0; number < 8; number++) {
      const entrypoint = number % 2 === 0 ? "basic:succeeds" : "endings:raises";
      ids.push(await submit(server(), entrypoint, { number }));
    }
  });
  for (const [number, id] of ids.entries()) {
    const end = number % 2 === 0 ? "completed" : "failed";
    expect(statusesOf(events, id)).toEqual(["pending", "running", end]);
  }
  const jobs = events.filter(({ event }) => event === "job").map(({ data }) => data);
  for (const job of jobs.filter(({ status }) => status !== "completed")) expect(job.result).toBe(null);
  const { jobs: listed } = (await send<{ jobs: unknown[] }>(server(), "/jobs?limit=8")).body;
  const ends = jobs.filter(({ status }) => status === "completed" || status === "failed");
  expect(ends).toEqual(expect.arrayContaining(listed));
});

test("a follower who is cut off after each event misses nothing and hears nothing twice", async () => {
  let lastId = (await told(server(), (events) => events.length === 1))[0]?.id;
  const ids = [await submit(server(), "basic:prints"), await submit(server(), "basic:prints")];
  for (const id of ids) await ended(server(), id);
  const had: ServerEvent[] = [];
  while (had.length < 6) {
    const [event] = await told(server(), (events) => events.length === 1, lastId);
    if (event !== undefined) had.push(event);
    lastId = event?.id;
  }
  for (const id of ids) expect(statusesOf(had, id)).toEqual(["pending", "running", "completed"]);
});

test("what happened while the server was away is told to a follower who comes back", async () => {
  const first = await startServer({ args: ["--concurrency", "2"] });
  const path = join(await temporaryFolder(), "go");
  const waiting: string[] = [];
  const before = await told(
    first,
    (events) => statusesOf(events, String(waiting[0])).length === 2,
    undefined,
    async () => {
      waiting.push(await submit(first, "basic:waits_for_file", { path }));
    },
  );
  await first.kill();
  writeFileSync(path, "");
  const next = await startServer({ runsDir: first.runsDir });
  await ended(next, String(waiting[0]));
  const later = await run(next, "endings:raises");
  const after = await told(
    next,
    (events) => statusesOf(events, later.job_id).includes("failed"),
    before.findLast(({ id }) => id !== undefined)?.id, // a heartbeat has none
  );
  expect(statusesOf(before, String(waiting[0]))).toEqual(["pending", "running"]);
  expect(statusesOf(after, String(waiting[0])).at(-1)).toBe("completed");
  expect(statusesOf(after, later.job_id)).toEqual(["pending", "running", "failed"]);
});

test("an id that is none of these events begins now", async () => {
  const events = await told(server(), (events) => events.length === 1, "nonsense");
  expect(events).toEqual([{ event: "", id: expect.stringMatching(/^[\w-]{8}\.\d+\.\d+$/), data: {} }]);
});

test("a job whose directory is removed meanwhile holds up nobody", async () => {
  const { job_id } = await run(server(), "basic:prints");
  rmSync(join(server().runsDir, job_id), { recursive: true });
  const later = await run(server(), "basic:prints");
  const from = `${"x".repeat(8)}.0.${Date.now() * 1000}`;
  const events = await told(
    server(),
    (events) => statusesOf(events, later.job_id).includes("completed"),
    from,
  );
  expect(statusesOf(events, job_id)).not.toContain("completed");
});

test("followers who never read cost the server no memory and keep nobody waiting", async () => {
  const other = await startServer({ args: ["--concurrency", "2"] });
  const sockets = await Promise.all(Array.from({ length: 10 }, () => openSocket(other)));
  for (const socket of sockets) {
    socket.pause();
    socket.write(requestText("GET /events", ["Accept: text/event-stream"]));
  }
  const before = residentBytes(other.pid);
  const text = "x".repeat(200_000);
  for (let number = 0; number < 60; number++) await run(other, "basic:succeeds", { text });
  expect(residentBytes(other.pid) - before).toBeLessThan(150 * 1024 * 1024);
  for (const socket of sockets) socket.destroy();
});

/** A journal and an index without a server, and a follower of them. */
function tracked() {
  const events = new Events();
  const index = new JobIndex(events);
  const journal = new Journal(events);
  const add = (number: number, state: State = { status: "pending" }) => {
    const created_at = new Date(Date.UTC(2026, 0, 1, 0, number)).toISOString();
    const job: IndexedJob = {
      job_id: `job-${number}`,
      created_at,
      entrypoint: "a:b",
      runtime: "python",
      labels: {},
      state,
    };
    index.add(job);
    events.emit("accepted", job);
  };
  const follow = async (from: Position | undefined, count: number) => {
    const news: { jobId: string | undefined; position: Position }[] = [];
    for await (const each of followChanges({ index, journal }, from, new AbortController().signal)) {
      if (each.kind === "quiet") throw new Error("nothing more is told");
      news.push({ jobId: each.kind === "job" ? each.job.job_id : undefined, position: each.position });
      if (news.length === count) break;
    }
    return news;
  };
  return { journal, add, follow };
}

test("who was away for longer than the journal remembers is told the latest 10,000 from the jobs themselves", async () => {
  const { journal, add, follow } = tracked();
  const [start] = await follow(undefined, 1);
  for (let number = 0; number < 25_000; number++) add(number);
  expect(journal.after(start?.position.sequence ?? 0)).toBe("forgotten");
  const from = { ...(start as { position: Position }).position, moment: Date.UTC(2026, 0, 1) * 1000 };
  const news = await follow(from, 10_001);
  expect(news.slice(0, -1).map(({ jobId }) => jobId)).toEqual(
    Array.from({ length: 10_000 }, (_, number) => `job-${number + 15_000}`),
  );
  expect(news.at(-1)).toMatchObject({ jobId: undefined, position: { life: journal.life, sequence: 25_000 } });
});

test("who is cut off while the past is told is told it again", async () => {
  const { add, follow } = tracked();
  for (let number = 0; number < 30; number++) add(number);
  const from = { life: "another", sequence: 7, moment: Date.UTC(2026, 0, 1) * 1000 };
  const first = await follow(from, 20);
  const rest = await follow((first.at(-1) as { position: Position }).position, 16);
  expect(rest[0]?.jobId).toBe("job-14"); // five minutes earlier than the last one that was told
  expect(rest.at(-1)?.jobId).toBe("job-29");
});

test.each(["3000-01-01T00:00:00.000000+00:00", "nonsense", "0001-01-01T00:00:00+00:00"])(
  "a job that says it ended at %s hides no other job's changes",
  async (completed_at) => {
    const { journal, add, follow } = tracked();
    const from = { life: journal.life, sequence: 0, moment: Date.now() * 1000 };
    add(1, { status: "completed", started_at: null, completed_at });
    const [told] = await follow(from, 1);
    const { moment } = (told as { position: Position }).position;
    expect(moment).toBeGreaterThan(0);
    expect(moment).toBeLessThanOrEqual(Date.now() * 1000);
    add(2, { status: "completed", started_at: null, completed_at: new Date().toISOString() });
    const after = await follow({ life: "another", sequence: 9, moment: 4e16 }, 2);
    expect(after.map(({ jobId }) => jobId)).toContain("job-2");
  },
);
