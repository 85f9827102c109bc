import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ended, reached, send, startServer, submit, temporaryFolder, waitFor } from "../support/server.ts";

test("no more jobs run at once than were allowed", async () => {
  const server = await startServer({ args: ["--concurrency", "2"] });
  const path = join(await temporaryFolder(), "go");
  const ids: string[] = [];
  for (let count = 0; count < 5; count++) ids.push(await submit(server, "basic:waits_for_file", { path }));
  await Promise.all(ids.slice(0, 2).map((id) => reached(server, id, "running")));
  const waiting = await send(server, "/jobs?status_filter=pending");
  expect(waiting.body.total).toBe(3);
  expect((await send(server, "/health")).body.active_jobs).toBe(2);
  writeFileSync(path, "");
  for (const id of ids) expect((await ended(server, id)).status).toBe("completed");
});

test("jobs start in the order in which they were accepted", async () => {
  const server = await startServer({ args: ["--concurrency", "1"] });
  const ids: string[] = [];
  for (let count = 0; count < 8; count++) ids.push(await submit(server, "basic:returns_nothing"));
  const jobs = [];
  for (const id of ids) jobs.push(await ended(server, id));
  const starts = jobs.map((job) => String(job.started_at));
  expect(starts).toEqual(starts.toSorted());
});

test("a slot is free again whatever way its job ended", async () => {
  const server = await startServer({ args: ["--concurrency", "1"] });
  for (const entrypoint of [
    "basic:not_callable",
    "nowhere:main",
    "hostile:kills_own_group",
    "basic:succeeds",
  ]) {
    await ended(server, await submit(server, entrypoint));
  }
  await waitFor(async () => expect((await send(server, "/health")).body.active_jobs).toBe(0));
});
