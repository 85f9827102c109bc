import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  ended,
  type Job,
  reached,
  run,
  send,
  sharedServer,
  submit,
  temporaryFolder,
} from "../support/server.ts";

const server = sharedServer({ args: ["--concurrency", "2"] });

function ask(path: string, headers: Record<string, string>, body?: object) {
  return fetch(new URL(path, server().url), {
    headers: { "content-type": "application/json", ...headers },
    ...(body && { method: "POST", body: JSON.stringify(body) }),
  });
}

test("GET with Prefer: wait=N answers when the job has ended", async () => {
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server(), "basic:waits_for_file", { path });
  const answer = ask(`/jobs/${jobId}`, { prefer: "respond-async, wait=50" });
  writeFileSync(path, "");
  const { headers } = await answer;
  expect(await (await answer).json()).toMatchObject({ status: "completed", result: { result: "found" } });
  expect(headers.get("preference-applied")).toBe("wait=50");
  expect(headers.get("retry-after")).toBe(null);
});

test("after N seconds the answer is what there is, with when to ask again", async () => {
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server(), "basic:waits_for_file", { path });
  await reached(server(), jobId, "running");
  const answer = await ask(`/jobs/${jobId}`, { prefer: "wait=1" });
  expect(await answer.json()).toMatchObject({ status: "running" });
  expect(answer.headers.get("retry-after")).toBe("1");
  const none = await ask(`/jobs/${jobId}`, { prefer: "wait=0" });
  expect(none.headers.get("preference-applied")).toBe("wait=0");
  writeFileSync(path, "");
  expect((await ended(server(), jobId)).status).toBe("completed");
});

test("a wait is 60 seconds at most, and an ended job is not waited for", async () => {
  const { job_id } = await run(server(), "basic:succeeds");
  const answer = await ask(`/jobs/${job_id}`, { prefer: "wait=999999" });
  expect(answer.headers.get("preference-applied")).toBe("wait=60");
});

test.each(["wait", "wait=", "wait=-1", "wait=soon", "await=5", "return=minimal"])(
  "Prefer: %s asks for no wait",
  async (prefer) => {
    const path = join(await temporaryFolder(), "go");
    const jobId = await submit(server(), "basic:waits_for_file", { path });
    const answer = await ask(`/jobs/${jobId}`, { prefer });
    expect(answer.headers.get("preference-applied")).toBe(null);
    writeFileSync(path, "");
    await ended(server(), jobId);
  },
);

test("POST with Prefer: wait=N answers with the job that has ended", async () => {
  const body = { entrypoint: "basic:succeeds", parameters: { a: 1 } };
  const answer = await ask("/jobs", { prefer: "wait=50" }, body);
  const job = (await answer.json()) as Job & { status_file?: string };
  expect(answer.status).toBe(201);
  expect(answer.headers.get("location")).toBe(`/jobs/${job.job_id}`);
  expect(job).toMatchObject({ status: "completed", result: { result: { a: 1 } }, parameters: { a: 1 } });
  expect(job.status_file).toBe(join(server().runsDir, job.job_id, "status.json"));
  expect((await send<Job>(server(), `/jobs/${job.job_id}`)).body).toMatchObject({ status: "completed" });
});

test("100 clients wait for one job, and those who leave cost nothing", async () => {
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server(), "basic:waits_for_file", { path });
  const leaving = new AbortController();
  const url = new URL(`/jobs/${jobId}`, server().url);
  const headers = { prefer: "wait=50" };
  const gone = Array.from({ length: 50 }, () =>
    fetch(url, { headers, signal: leaving.signal }).catch(() => "gone"),
  );
  const waiting = Array.from({ length: 50 }, () => fetch(url, { headers }).then((answer) => answer.json()));
  leaving.abort();
  expect(new Set(await Promise.all(gone))).toEqual(new Set(["gone"]));
  writeFileSync(path, "");
  for (const job of await Promise.all(waiting)) expect(job).toMatchObject({ status: "completed" });
});

test("a wait ends when the job's directory is removed", async () => {
  const folder = await temporaryFolder();
  const others = ["a", "b"].map((name) => join(folder, name));
  const running = await Promise.all(others.map((path) => submit(server(), "basic:waits_for_file", { path })));
  const jobId = await submit(server(), "basic:succeeds");
  const answer = ask(`/jobs/${jobId}`, { prefer: "wait=50" });
  rmSync(join(server().runsDir, jobId), { recursive: true });
  for (const path of others) writeFileSync(path, "");
  expect((await answer).status).toBe(404);
  for (const id of running) await ended(server(), id);
});

test("an ETag changes with the job, and 304 tells that it has not", async () => {
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server(), "basic:waits_for_file", { path });
  await reached(server(), jobId, "running");
  const etag = (await ask(`/jobs/${jobId}`, {})).headers.get("etag") ?? "";
  const same = await ask(`/jobs/${jobId}`, { "if-none-match": etag });
  expect({ status: same.status, text: await same.text(), etag: same.headers.get("etag") }).toEqual({
    status: 304,
    text: "",
    etag,
  });
  writeFileSync(path, "");
  await ended(server(), jobId);
  expect((await ask(`/jobs/${jobId}`, { "if-none-match": etag })).status).toBe(200);
});
