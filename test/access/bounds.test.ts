import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSocket, requestText } from "../http/raw.ts";
import { eventsOf } from "../support/event-stream.ts";
import {
  ended,
  reached,
  run,
  send,
  startServer,
  submit,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

test("more requests in a second than a token may send get 429, and other tokens are not held up", async () => {
  const folder = await temporaryFolder();
  writeFileSync(join(folder, "tokens"), "busy run busy-token\nother run other-token\n");
  const server = await startServer({
    args: ["--rate-limit", "3", "--token-file", join(folder, "tokens")],
  });
  const ask = (token: string) =>
    fetch(`${server.url}/jobs`, { headers: { authorization: `Bearer ${token}` } });
  const answers = await Promise.all(Array.from({ length: 60 }, () => ask("busy-token")));
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(3);
  expect(refused.map(({ headers }) => headers.get("retry-after"))).toEqual(refused.map(() => "1"));
  expect((await ask("other-token")).status).toBe(200);
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
});

test("one job more than may wait gets 503, leaves nothing behind, and is taken when there is room", async () => {
  const server = await startServer({ args: ["--concurrency", "1", "--max-queued", "2"] });
  const path = join(await temporaryFolder(), "go");
  const first = await submit(server, "basic:waits_for_file", { path });
  await reached(server, first, "running");
  const waiting = [await submit(server, "basic:succeeds"), await submit(server, "basic:succeeds")];
  const refused = await send(server, "/jobs", { entrypoint: "basic:succeeds" });
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.body.detail).toContain("QUANT_RUNS_MAX_QUEUED");
  const left = readdirSync(server.runsDir).filter((name) => !name.startsWith(".") || name.startsWith(".new"));
  expect(left.toSorted()).toEqual([first, ...waiting].toSorted());
  writeFileSync(path, "");
  for (const id of waiting) expect((await ended(server, id)).status).toBe("completed");
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
});

test("of many jobs at once no more are taken than may wait", async () => {
  const server = await startServer({ args: ["--concurrency", "1", "--max-queued", "5"] });
  const path = join(await temporaryFolder(), "go");
  await reached(server, await submit(server, "basic:waits_for_file", { path }), "running");
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => send(server, "/jobs", { entrypoint: "basic:succeeds" })),
  );
  const statuses = answers.map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([201, 503]));
  expect(statuses.filter((status) => status === 201)).toHaveLength(5);
  writeFileSync(path, "");
});

test("a disk with less room than it must have takes no job, and serves on", async () => {
  const server = await startServer({ args: ["--min-free-bytes", String(Number.MAX_SAFE_INTEGER)] });
  const { status, body } = await send(server, "/jobs", { entrypoint: "basic:succeeds" });
  expect(status).toBe(507);
  expect(body.detail).toMatch(/bytes are free, 9007199254740991 must be/);
  expect(readdirSync(server.runsDir).filter((name) => !name.startsWith("."))).toEqual([]);
  expect((await send(server, "/jobs")).status).toBe(200);
});

test("one stream more than may be open gets 503, until one is left", async () => {
  const server = await startServer({ args: ["--max-streams", "2"] });
  const { job_id } = await run(server, "basic:prints");
  const first = eventsOf(server, "/events");
  const second = eventsOf(server, "/events");
  await Promise.all([first.next(), second.next()]);
  for (const path of ["/events", `/jobs/${job_id}/events`, `/jobs/${job_id}/logs/stdout`]) {
    const refused = await fetch(new URL(path, server.url), { headers: { accept: "text/event-stream" } });
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("5");
  }
  expect((await send(server, `/jobs/${job_id}/logs/stdout`)).text).toBe("hello\n");
  await first.return(undefined);
  await waitFor(async () => expect((await eventsOf(server, "/events").next()).done).toBe(false));
  await second.return(undefined);
});

test("streams that were left at once, or never read, or never begun, do not count for ever", async () => {
  const server = await startServer({ args: ["--max-streams", "3"] });
  for (let round = 0; round < 20; round++) {
    const socket = await openSocket(server);
    socket.write(requestText("GET /events"));
    if (round % 2 === 0) await once(socket, "readable");
    socket.destroy();
  }
  await waitFor(async () => expect((await eventsOf(server, "/events").next()).done).toBe(false));
});

test("500 followers at once are all told of a job", async () => {
  const server = await startServer();
  const sockets = await Promise.all(Array.from({ length: 500 }, () => openSocket(server)));
  const told = sockets.map(async (socket) => {
    let text = "";
    for await (const piece of socket) {
      text += piece;
      if (text.includes('"status": "completed"')) return socket.destroy();
    }
  });
  for (const socket of sockets) socket.write(requestText("GET /events"));
  await Promise.all(sockets.map((socket) => once(socket, "data")));
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
  await Promise.all(told);
  expect(sockets.filter(({ destroyed }) => !destroyed)).toEqual([]);
});

test("one connection more than may be open is cut, and there is room again when one is closed", async () => {
  const server = await startServer({ args: ["--max-connections", "5"] });
  const sockets = await Promise.all(Array.from({ length: 5 }, () => openSocket(server)));
  const sixth = await openSocket(server);
  await once(sixth.resume(), "end");
  sixth.destroy();
  for (const socket of sockets) socket.destroy();
  await waitFor(async () => expect((await send(server, "/health")).status).toBe(200));
});

test("the largest body can be set, and is counted as it comes", async () => {
  const server = await startServer({ args: ["--max-body-bytes", "2048"] });
  const body = (length: number) => `{"entrypoint": "basic:succeeds"}${" ".repeat(length - 32)}`;
  expect((await send(server, "/jobs", body(2048))).status).toBe(201);
  const refused = await send(server, "/jobs", body(2049));
  expect(refused.status).toBe(413);
  expect(refused.body.detail).toContain("2048 bytes");
  const pieces = ReadableStream.from(
    Array.from({ length: 100 }, () => new TextEncoder().encode(" ".repeat(100))),
  );
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: pieces,
    duplex: "half",
  };
  expect((await fetch(`${server.url}/jobs`, init as RequestInit)).status).toBe(413);
});
