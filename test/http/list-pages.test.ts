import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ended, type Job, send, sharedServer, startServer } from "../support/server.ts";

const server = sharedServer();

interface List {
  readonly jobs: readonly Job[];
  readonly count: number;
  readonly total: number;
  readonly next_cursor: string | null;
}

const list = async (query: string, at = server()) => (await send<List>(at, `/jobs?${query}`)).body;
const numbersOf = ({ jobs }: List) => jobs.map(({ parameters }) => Number(parameters?.number));

async function submitWith(labels: unknown, number: number, entrypoint = "basic:succeeds") {
  return send<Job>(server(), "/jobs", { entrypoint, parameters: { number }, labels });
}

/** Ten jobs: even ones of one desk, every third of another run, the last of another entrypoint, which takes no number. */
const accepted: Job[] = [];
beforeAll(async () => {
  for (let number = 0; number < 10; number++) {
    const labels = { desk: number % 2 ? "rates" : "fx", ...(number % 3 === 0 && { "team/run": "a:b c" }) };
    const entrypoint = number === 9 ? "basic:returns_nothing" : "basic:succeeds";
    accepted.push((await submitWith(labels, number, entrypoint)).body);
  }
  for (const { job_id } of accepted) await ended(server(), job_id);
});

test("labels are in the job, in its records and in the list, and outlive the server", async () => {
  const { job_id } = accepted[0] ?? { job_id: "" };
  const labels = { desk: "fx", "team/run": "a:b c" };
  expect((await send<Job>(server(), `/jobs/${job_id}`)).body.labels).toEqual(labels);
  for (const name of ["job.json", "status.json"]) {
    expect(JSON.parse(readFileSync(join(server().runsDir, job_id, name), "utf8")).labels).toEqual(labels);
  }
  const other = await startServer();
  const again = await send<Job>(other, "/jobs", { entrypoint: "basic:succeeds", labels });
  await ended(other, again.body.job_id);
  await other.kill();
  const next = await startServer({ runsDir: other.runsDir });
  expect(await list("label=desk:fx", next)).toMatchObject({ total: 1, jobs: [{ labels }] });
});

test.each([
  ["label=desk:fx", [8, 6, 4, 2, 0]],
  ["label=desk:fx&label=team/run:a:b%20c", [6, 0]],
  ["label=desk:none", []],
  ["label=toString:x", []],
  ["entrypoint=basic:succeeds&limit=3", [8, 7, 6]],
  ["entrypoint=basic:returns_nothing", [9]],
  ["status_filter=completed&label=desk:rates&limit=2", [7, 5]],
  ["status_filter=failed", [9]],
])("?%s lists the jobs that match", async (query, numbers) => {
  const found = await list(query);
  expect(found.jobs.map(({ job_id }) => accepted.findIndex((job) => job.job_id === job_id))).toEqual(numbers);
});

test("?created_from= and ?created_before= are bounds in time, the first included, the second not", async () => {
  const [from, before] = [accepted[3], accepted[6]].map((job) => encodeURIComponent(job?.created_at ?? ""));
  expect(numbersOf(await list(`created_from=${from}&created_before=${before}`))).toEqual([5, 4, 3]);
  expect((await list(`created_from=${from}`)).total).toBe(7);
  expect((await list("created_before=2026-01-01T00:00:00Z")).total).toBe(0);
});

test("pages follow each other without gap or repetition, though jobs come and go meanwhile", async () => {
  const other = await startServer({ args: ["--concurrency", "1"] });
  const post = async (number: number) =>
    (await send<Job>(other, "/jobs", { entrypoint: "basic:succeeds", parameters: { number } })).body;
  const jobs = [];
  for (let number = 0; number < 9; number++) jobs.push(await post(number));
  for (const { job_id } of jobs) await ended(other, job_id);
  const first = await list("limit=4&status_filter=completed", other);
  expect(numbersOf(first)).toEqual([8, 7, 6, 5]);
  await post(9);
  rmSync(join(other.runsDir, jobs[5]?.job_id ?? ""), { recursive: true });
  const second = await list(`limit=4&status_filter=completed&cursor=${first.next_cursor}`, other);
  expect(numbersOf(second)).toEqual([4, 3, 2, 1]);
  const third = await list(`limit=4&status_filter=completed&cursor=${second.next_cursor}`, other);
  expect(numbersOf(third)).toEqual([0]);
  expect(third.next_cursor).toBe(null);
});

test("Link: rel=next leads through the whole list", async () => {
  const seen: number[] = [];
  let path: string | undefined = "/jobs?limit=3&label=desk:fx&label=desk:fx";
  while (path !== undefined) {
    const answer: Awaited<ReturnType<typeof send<List>>> = await send<List>(server(), path);
    seen.push(...numbersOf(answer.body));
    expect(answer.body.total).toBe(5);
    path = /^<(.*)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
  }
  expect(seen).toEqual([8, 6, 4, 2, 0]);
});

describe("what is wrong gets 422, the field named", () => {
  test.each([
    ["cursor", "x"],
    ["cursor", ""],
    ["cursor", Buffer.from("1.").toString("base64url")],
    ["label", "desk"],
    ["created_from", "yesterday"],
    ["created_before", "2026-01-01T00:00:00"],
  ])("?%s=%s", async (name, value) => {
    const answer = await send(server(), `/jobs?${name}=${value}`);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(`query.${name}`);
  });

  test.each([
    ["no object", ["a"]],
    ["a value that is no string", { a: 1 }],
    ["a name with a space", { "a b": "c" }],
    ["an empty name", { "": "c" }],
    ["a long value", { a: "x".repeat(256) }],
    ["too many", Object.fromEntries(Array.from({ length: 33 }, (_, number) => [`l${number}`, ""]))],
  ])("labels: %s", async (_what, labels) => {
    const answer = await submitWith(labels, 0);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain("body.labels");
  });
});
