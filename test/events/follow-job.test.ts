import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allEventsOf, eventsOf, type ServerEvent } from "../support/event-stream.ts";
import { ended, run, sharedServer, startServer, submit, temporaryFolder } from "../support/server.ts";

const server = sharedServer({ args: ["--concurrency", "4"] });

const address = (jobId: string) => `/jobs/${jobId}/events`;

const logOf = (events: readonly ServerEvent[], log: string) =>
  events
    .filter(({ event, data }) => event === "log" && data.log === log)
    .map(({ data }) => data.text)
    .join("");

const fileOf = (runsDir: string, jobId: string, log: string) =>
  readFileSync(join(runsDir, jobId, `${log}.log`), "utf8");

const statusesOf = (events: readonly ServerEvent[]) =>
  events.filter(({ event }) => event === "job").map(({ data }) => data.status);

test("a job is followed from its first status over both of its logs to its end", async () => {
  const jobId = await submit(server(), "logs:writes_to_both", { lines: 100, pause: 0.002 });
  const events = await allEventsOf(server(), address(jobId));
  expect(statusesOf(events)).toEqual(["pending", "running", "completed"]);
  for (const log of ["stdout", "stderr"]) {
    expect(logOf(events, log)).toBe(fileOf(server().runsDir, jobId, log));
  }
  expect(events.slice(-2)).toEqual([
    expect.objectContaining({ event: "job", data: expect.objectContaining({ status: "completed" }) }),
    { event: "end", id: "end", data: { job_id: jobId, status: "completed" } },
  ]);
});

test("a job that has ended tells the same once more, and its end comes last", async () => {
  const { job_id } = await run(server(), "endings:raises");
  const events = await allEventsOf(server(), address(job_id));
  expect(statusesOf(events)).toEqual(["pending", "running", "failed"]);
  expect(logOf(events, "stderr")).toBe(fileOf(server().runsDir, job_id, "stderr"));
  expect(events.slice(-2).map(({ event }) => event)).toEqual(["job", "end"]);
});

test("a follower that is cut off at 100 random points has every byte of both logs and every status once", async () => {
  const jobId = await submit(server(), "logs:writes_to_both", { lines: 1500, pause: 0.001 });
  const had: ServerEvent[] = [];
  for (let cut = 0; cut < 100; cut++) {
    let patience = Math.floor(Math.random() * 4);
    for await (const event of eventsOf(server(), address(jobId), had.at(-1)?.id)) {
      if (event.event === "end") break;
      had.push(event);
      if (patience-- === 0) break;
    }
  }
  had.push(...(await allEventsOf(server(), address(jobId), had.at(-1)?.id)));
  expect(statusesOf(had)).toEqual(["pending", "running", "completed"]);
  for (const log of ["stdout", "stderr"]) expect(logOf(had, log)).toBe(fileOf(server().runsDir, jobId, log));
});

test("a follower goes on after kill -9 of the server", async () => {
  const first = await startServer();
  const jobId = await submit(first, "logs:writes_to_both", { lines: 300, pause: 0.005 });
  const had: ServerEvent[] = [];
  try {
    for await (const event of eventsOf(first, address(jobId))) {
      had.push(event);
      if (had.length === 8) void first.kill();
    }
  } catch {
    expect(had.length).toBeGreaterThanOrEqual(8);
  }
  expect(statusesOf(had)).toEqual(["pending", "running"]);
  const next = await startServer({ runsDir: first.runsDir });
  had.push(...(await allEventsOf(next, address(jobId), had.at(-1)?.id)));
  expect(statusesOf(had)).toEqual(["pending", "running", "completed"]);
  for (const log of ["stdout", "stderr"]) expect(logOf(had, log)).toBe(fileOf(first.runsDir, jobId, log));
});

test("a job that waits is followed, and its cancel is its end", async () => {
  const other = await startServer({ args: ["--concurrency", "1"] });
  const path = join(await temporaryFolder(), "go");
  const first = await submit(other, "basic:waits_for_file", { path });
  const jobId = await submit(other, "basic:prints");
  const seen: ServerEvent[] = [];
  for await (const event of eventsOf(other, address(jobId))) {
    seen.push(event);
    if (seen.length === 1) await fetch(`${other.url}/jobs/${jobId}/cancel`, { method: "POST" });
  }
  expect(statusesOf(seen)).toEqual(["pending", "failed"]);
  writeFileSync(path, "");
  await ended(other, first);
});

test("progress is told as it changes, the last of it before the end", async () => {
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server(), "logs:tells_progress", { total: 4, path });
  const seen: ServerEvent[] = [];
  for await (const event of eventsOf(server(), address(jobId))) {
    seen.push(event);
    if (event.event === "progress" && event.data.current === 1) writeFileSync(path, "");
  }
  const progress = seen.filter(({ event }) => event === "progress").map(({ data }) => data);
  expect(progress[0]).toMatchObject({ fraction: 0.25, current: 1, total: 4, text: "step 1" });
  expect(progress.at(-1)).toMatchObject({ fraction: 1, current: 4, total: 4, text: "step 4" });
  expect(seen.slice(-2).map(({ event }) => event)).toEqual(["job", "end"]);
});

test("who has had the end gets 204, and no job 404", async () => {
  const { job_id } = await run(server(), "basic:prints");
  const headers = { accept: "text/event-stream", "last-event-id": "end" };
  expect((await fetch(new URL(address(job_id), server().url), { headers })).status).toBe(204);
  expect((await fetch(new URL(address("nothing"), server().url))).status).toBe(404);
});
