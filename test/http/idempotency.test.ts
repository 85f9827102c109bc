import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  ended,
  type Job,
  sharedServer,
  startServer,
  type TestServer,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

const server = sharedServer({ args: ["--concurrency", "2"], env: { QUANT_RUNS_ALLOW: "basic:*,ledger:*" } });

async function post(
  to: Pick<TestServer, "url">,
  key: string,
  request: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; job: Job; headers: Headers; text: string }> {
  const answer = await fetch(`${to.url}/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key, ...headers },
    body: JSON.stringify(request),
  });
  const text = await answer.text();
  return { status: answer.status, job: JSON.parse(text), headers: answer.headers, text };
}

/** A job that leaves a line in a ledger for every time it is started. */
async function noting() {
  const ledger = join(await temporaryFolder(), "ledger");
  const parameters = { ledger, name: "once", seconds: 0, ending: "returns" };
  const starts = () => readFileSync(ledger, "utf8").match(/^start /gm)?.length;
  return { request: { entrypoint: "ledger:works", parameters }, starts };
}

test("the same request under the same key is one job, with one answer", async () => {
  const { request, starts } = await noting();
  const first = await post(server(), "one-key", request);
  await ended(server(), first.job.job_id);
  const again = await post(server(), "one-key", request);
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.text).toBe(first.text);
  expect(again.headers.get("location")).toBe(first.headers.get("location"));
  const replayed = [first, again].map(({ headers }) => headers.get("idempotency-replayed"));
  expect(replayed).toEqual([null, "true"]);
  expect(starts()).toBe(1);
  const audited = server().log.filter(
    (line) => line.includes('"audit":true') && line.includes(first.job.job_id),
  );
  expect(audited).toHaveLength(1);
});

test("of 30 at once one makes the job, and all are told of it", async () => {
  const { request, starts } = await noting();
  const answers = await Promise.all(Array.from({ length: 30 }, () => post(server(), "at-once", request)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  const ids = new Set(answers.map(({ job }) => job.job_id));
  expect(ids.size).toBe(1);
  await ended(server(), [...ids].join());
  expect(starts()).toBe(1);
});

test("another request under the same key gets 422, and makes no job", async () => {
  const first = await post(server(), "taken", { entrypoint: "basic:succeeds", parameters: { a: 1 } });
  const before = readdirSync(server().runsDir).length;
  const other = await post(server(), "taken", { entrypoint: "basic:succeeds", parameters: { a: 2 } });
  expect(other.status).toBe(422);
  expect(other.text).toContain("Idempotency-Key");
  expect(readdirSync(server().runsDir).length).toBe(before);
  await ended(server(), first.job.job_id);
});

test("a key outlives kill -9 of the server", async () => {
  const { request, starts } = await noting();
  const first = await startServer();
  const { job } = await post(first, "outlives", request);
  await first.kill();
  const next = await startServer({ runsDir: first.runsDir });
  const again = await post(next, "outlives", request);
  expect([again.job.job_id, again.headers.get("idempotency-replayed")]).toEqual([job.job_id, "true"]);
  expect((await post(next, "outlives", { ...request, labels: { a: "b" } })).status).toBe(422);
  expect((await ended(next, job.job_id)).status).toBe("completed");
  expect(starts()).toBe(1);
});

test("a request that was refused leaves its key free", async () => {
  expect((await post(server(), "refused", { entrypoint: "hostile:anything" })).status).toBe(403);
  const accepted = await post(server(), "refused", { entrypoint: "basic:succeeds" });
  expect([accepted.status, accepted.headers.get("idempotency-replayed")]).toEqual([201, null]);
  const short = await startServer({ args: ["--min-free-bytes", String(Number.MAX_SAFE_INTEGER)] });
  const statuses = [1, 2].map(
    async () => (await post(short, "short", { entrypoint: "basic:succeeds" })).status,
  );
  expect(await Promise.all(statuses)).toEqual([507, 507]);
});

test("a key is free again when its job's directory is removed", async () => {
  const request = { entrypoint: "basic:succeeds" };
  const first = await post(server(), "removed", request);
  await ended(server(), first.job.job_id);
  rmSync(join(server().runsDir, first.job.job_id), { recursive: true });
  await waitFor(async () =>
    expect((await fetch(`${server().url}/jobs/${first.job.job_id}`)).status).toBe(404),
  );
  expect((await post(server(), "removed", request)).job.job_id).not.toBe(first.job.job_id);
});

test("keys of different tokens have nothing to do with each other", async () => {
  const file = join(await temporaryFolder(), "tokens");
  writeFileSync(file, "a run token-of-a\nb run token-of-b\n");
  const other = await startServer({ args: ["--token-file", file] });
  const by = (token: string, parameters: object) =>
    post(other, "shared", { entrypoint: "basic:succeeds", parameters }, { authorization: `Bearer ${token}` });
  const [first, second] = [await by("token-of-a", { a: 1 }), await by("token-of-b", { a: 2 })];
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.job.job_id).not.toBe(first.job.job_id);
  expect((await by("token-of-a", { a: 1 })).job.job_id).toBe(first.job.job_id);
});

test("Prefer: wait=N answers a repeated request with the job as it is then", async () => {
  const request = { entrypoint: "basic:succeeds", parameters: { a: 1 } };
  const first = await post(server(), "waits", request);
  const again = await post(server(), "waits", request, { prefer: "wait=50" });
  expect(again.job).toMatchObject({
    job_id: first.job.job_id,
    status: "completed",
    result: { result: { a: 1 } },
  });
});

test.each(["", " ", "x".repeat(256), "a b", "ä"])("%j is no key", async (key) => {
  const answer = await fetch(`${server().url}/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": Buffer.from(key).toString("latin1") },
    body: JSON.stringify({ entrypoint: "basic:succeeds" }),
  });
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ errors: [{ field: "header" }] });
});
