import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { followLog } from "../../src/logs/follow.ts";
import { openSocket, requestText } from "../http/raw.ts";
import { allEventsOf, eventsOf, logText, type ServerEvent } from "../support/event-stream.ts";
import { descriptorsOf, residentBytes } from "../support/processes.ts";
import {
  ended,
  run,
  send,
  sharedServer,
  startServer,
  submit,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

const server = sharedServer({ args: ["--concurrency", "4"] });

const logPath = (jobId: string) => join(server().runsDir, jobId, "stdout.log");
const address = (jobId: string) => `/jobs/${jobId}/logs/stdout`;

/** Every event says where its text stands in the file, with no gap and nothing twice. */
function expectGapless(events: readonly ServerEvent[], from = 0): void {
  let offset = from;
  for (const { event, id, data } of events.filter(({ event }) => event === "log")) {
    expect({ event, offset: data.offset }).toEqual({ event, offset });
    offset = Number(id);
  }
}

test("a log is followed from its first byte to the job's end", async () => {
  const jobId = await submit(server(), "logs:counts", { lines: 50, pause: 0.01 });
  const events = await allEventsOf(server(), address(jobId));
  expectGapless(events);
  expect(logText(events)).toBe(readFileSync(logPath(jobId), "utf8"));
  expect(events.length).toBeGreaterThan(2);
  expect(events.at(-1)).toEqual({ event: "end", id: "end", data: { job_id: jobId, status: "completed" } });
});

test("a job that waits is followed from before its start", async () => {
  const other = await startServer({ args: ["--concurrency", "1"] });
  const path = join(await temporaryFolder(), "go");
  await submit(other, "basic:waits_for_file", { path });
  const jobId = await submit(other, "basic:prints");
  const events = allEventsOf(other, address(jobId));
  writeFileSync(path, "");
  expect(logText(await events)).toBe("hello\n");
});

test("the end of a failed job says so", async () => {
  const { job_id } = await run(server(), "endings:raises");
  const events = await allEventsOf(server(), address(job_id));
  expect(events).toEqual([{ event: "end", id: "end", data: { job_id, status: "failed" } }]);
});

test("a client that has had the end gets 204, which ends a browser's attempts", async () => {
  const { job_id } = await run(server(), "basic:prints");
  const headers = { accept: "text/event-stream", "last-event-id": "end" };
  expect((await fetch(new URL(address(job_id), server().url), { headers })).status).toBe(204);
});

test("a follower that is cut off at 100 random points and comes back has every byte once", async () => {
  const jobId = await submit(server(), "logs:counts", { lines: 3000, pause: 0.001 });
  const had: ServerEvent[] = [];
  for (let cut = 0; cut < 100; cut++) {
    let patience = Math.floor(Math.random() * 3);
    for await (const event of eventsOf(server(), address(jobId), had.at(-1)?.id)) {
      if (event.event === "end") break;
      had.push(event);
      if (patience-- === 0) break;
    }
  }
  had.push(...(await allEventsOf(server(), address(jobId), had.at(-1)?.id)));
  expectGapless(had);
  expect(logText(had)).toBe(readFileSync(logPath(jobId), "utf8"));
});

test("a follower goes on where it was after kill -9 of the server", async () => {
  const first = await startServer();
  const jobId = await submit(first, "logs:counts", { lines: 400, pause: 0.005 });
  const had: ServerEvent[] = [];
  try {
    for await (const event of eventsOf(first, address(jobId))) {
      had.push(event);
      if (had.length === 5) void first.kill();
    }
  } catch {
    expect(had.length).toBeGreaterThanOrEqual(5);
  }
  expect(had.map(({ event }) => event)).not.toContain("end");
  const next = await startServer({ runsDir: first.runsDir });
  had.push(...(await allEventsOf(next, address(jobId), had.at(-1)?.id)));
  expectGapless(had);
  expect(logText(had)).toBe(readFileSync(join(first.runsDir, jobId, "stdout.log"), "utf8"));
  expect(had.at(-1)?.event).toBe("end");
});

test("60 followers of one log all have all of it", async () => {
  const jobId = await submit(server(), "logs:counts", { lines: 200, pause: 0.005 });
  const followers = await Promise.all(
    Array.from({ length: 60 }, () => allEventsOf(server(), address(jobId))),
  );
  const text = readFileSync(logPath(jobId), "utf8");
  for (const events of followers) expect(logText(events)).toBe(text);
});

test("characters that are written in two parts arrive whole, other bytes are replaced, offsets stay the file's", async () => {
  const pieces = ["61e2", "82", "ac62", "0d63", "ff64", "f09f", "9880", "c3"];
  const jobId = await submit(server(), "logs:writes", { pieces, pause: 0.1 });
  const events = await allEventsOf(server(), address(jobId));
  expectGapless(events);
  expect(logText(events)).toBe("a€b\rc�d😀�");
  expect(events.at(-2)?.id).toBe(String(pieces.join("").length / 2));
});

test("?tail=N follows from the last lines on", async () => {
  const path = join(await temporaryFolder(), "go");
  const parameters = { text: "one\ntwo\nthree\n", path };
  const jobId = await submit(server(), "logs:writes_and_waits", parameters);
  await waitFor(() => expect(readFileSync(logPath(jobId), "utf8")).toBe(parameters.text));
  const events: ServerEvent[] = [];
  for await (const event of eventsOf(server(), `${address(jobId)}?tail=1`)) {
    events.push(event);
    writeFileSync(path, "");
  }
  expect(logText(events)).toBe("three\nthe end\n");
});

test("a log that becomes shorter is told again from its beginning", async () => {
  const path = join(await temporaryFolder(), "go");
  const parameters = { text: "something to be removed\n", path };
  const jobId = await submit(server(), "logs:writes_and_waits", parameters);
  const events: ServerEvent[] = [];
  for await (const event of eventsOf(server(), address(jobId))) {
    events.push(event);
    if (event.event === "log" && events.length === 1) truncateSync(logPath(jobId));
    if (event.event === "truncated") writeFileSync(path, "");
  }
  expect(events.map(({ event }) => event)).toEqual(["log", "truncated", "log", "end"]);
  expect(events[1]).toEqual({ event: "truncated", id: "0", data: { offset: parameters.text.length } });
  expect(events[2]?.data).toEqual({ offset: 0, text: "the end\n" });
});

test("a client that never reads costs the server no memory and keeps nobody waiting", async () => {
  const other = await startServer();
  const { job_id } = await run(other, "basic:succeeds");
  truncateSync(join(other.runsDir, job_id, "stdout.log"), 1024 ** 3);
  const before = residentBytes(other.pid);
  const sockets = await Promise.all(Array.from({ length: 10 }, () => openSocket(other)));
  for (const socket of sockets) {
    socket.pause();
    socket.write(requestText(`GET ${address(job_id)}`, ["Accept: text/event-stream"]));
  }
  await waitFor(() =>
    expect(descriptorsOf(other.pid).filter((path) => path.endsWith("stdout.log"))).toHaveLength(10),
  );
  for (let count = 0; count < 50; count++) expect((await send(other, "/health")).status).toBe(200);
  expect(residentBytes(other.pid) - before).toBeLessThan(100 * 1024 * 1024);
  for (const socket of sockets) socket.destroy();
  await waitFor(() =>
    expect(descriptorsOf(other.pid).filter((path) => path.endsWith("stdout.log"))).toEqual([]),
  );
});

test("a follower who leaves a silent job leaves nothing open", async () => {
  const jobId = await submit(server(), "logs:writes_and_waits", {
    text: "x",
    path: join(await temporaryFolder(), "never"),
  });
  const isOpen = () => descriptorsOf(server().pid).includes(logPath(jobId));
  for await (const { event } of eventsOf(server(), address(jobId))) {
    expect({ event, isOpen: isOpen() }).toEqual({ event: "log", isOpen: true });
    break;
  }
  await waitFor(() => expect(isOpen()).toBe(false));
  await send(server(), `/jobs/${jobId}/cancel`, {});
  await ended(server(), jobId);
});

test("silence is told, so that the connection lives", async () => {
  const log = { directory: await temporaryFolder(), name: "log" };
  const path = join(log.directory, log.name);
  writeFileSync(path, "a");
  const leaving = new AbortController();
  const following = { ...log, offset: 0, isOver: () => false, signal: leaving.signal, secondsOfQuiet: 0.05 };
  const kinds: string[] = [];
  for await (const { kind } of followLog(following)) {
    kinds.push(kind);
    if (kinds.length === 3) appendFileSync(path, "b");
    if (kinds.length === 4) leaving.abort();
  }
  expect(kinds).toEqual(["text", "quiet", "quiet", "text"]);
});

test("50 MB are followed to the last byte", async () => {
  const jobId = (await run(server(), "basic:succeeds")).job_id;
  truncateSync(logPath(jobId), 50 * 1024 * 1024);
  let bytes = 0;
  for await (const { event, data } of eventsOf(server(), address(jobId))) {
    if (event !== "log") continue;
    bytes += String(data.text).length;
  }
  expect(bytes).toBe(50 * 1024 * 1024);
});
