import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allEventsOf, eventsOf } from "../support/event-stream.ts";
import { ended, type Job, reached, run, send, submit, temporaryFolder, waitFor } from "../support/server.ts";
import { secretiveServer, stars } from "./secretive-server.ts";

/** Some with what JSON writes in another way; one is a word of the API's own. */
const secrets = {
  API_KEY: "hunter2-and-more",
  QUOTED: 'so "quoted" \\ it\tis',
  FOREIGN: "pässwörd€😀",
  PIN: "90417263",
  LOG_LEVEL: "error",
};
const { LOG_LEVEL: _word, ...telling } = secrets;

const server = secretiveServer(secrets);

/** Everything that the API shows of a job. */
async function shownOf(jobId: string): Promise<string[]> {
  const paths = ["", "/result", "/logs/stdout", "/logs/stderr"].map((path) => `/jobs/${jobId}${path}`);
  const answers = await Promise.all([...paths, "/jobs?limit=1000"].map((each) => send(server(), each)));
  const followed = ["events", "logs/stdout", "logs/stderr"].map((each) =>
    allEventsOf(server(), `/jobs/${jobId}/${each}`),
  );
  return [
    ...answers.map(({ text }) => text),
    ...(await Promise.all(followed)).map((each) => JSON.stringify(each)),
  ];
}

/** Whichever way a secret is written. */
function formsOf(value: string): string[] {
  const inJson = JSON.stringify(value).slice(1, -1);
  const inAscii = inJson.replaceAll(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [value, inJson, inAscii, JSON.stringify(inAscii).slice(1, -1)];
}

function expectNoSecretIn(text: string): void {
  for (const form of Object.values(telling).flatMap(formsOf)) expect(text).not.toContain(form);
}

const onDisk = (jobId: string, name: string) => readFileSync(join(server().runsDir, jobId, name), "utf8");

test("a job has the secrets in its environment, and the server's own path to them not", async () => {
  const { result } = await run(server(), "keeps_secrets:names");
  const names = (result as { result: string[] }).result;
  expect(names).toEqual(expect.arrayContaining(Object.keys(secrets)));
  expect(names).not.toContain("QUANT_RUNS_SECRETS_FILE");
  expect(readFileSync(`/proc/${server().pid}/environ`, "utf8")).not.toContain("hunter2");
});

test.each(Object.entries(telling))("%s is hidden wherever the job tells it", async (name, value) => {
  const { job_id, status } = await run(server(), "keeps_secrets:tells", { name });
  expect(status).toBe("completed");
  for (const shown of await shownOf(job_id)) expectNoSecretIn(shown);
  const { text } = await send(server(), `/jobs/${job_id}/logs/stdout`);
  expect(text).toBe(`stdout: ${stars(value)}\n`);
  const whole = await send(server(), `/jobs/${job_id}/result`);
  expect(whole.text).toBe(onDisk(job_id, "result.json").replaceAll(pythons(value), stars(pythons(value))));
  expect((await send(server(), `/jobs/${job_id}`)).body.result).toEqual(whole.body);
});

/** As json.dumps writes it. */
function pythons(value: string): string {
  return String(formsOf(value)[2]);
}

test("the files are the job's own", async () => {
  const { job_id } = await run(server(), "keeps_secrets:tells", { name: "API_KEY" });
  expect((await send(server(), `/jobs/${job_id}/files/left.txt`)).text).toBe(secrets.API_KEY);
  expect(onDisk(job_id, "stdout.log")).toContain(secrets.API_KEY);
  expect(onDisk(job_id, "status.json")).toContain(secrets.API_KEY);
});

test("a number that is a secret is hidden, and the result stays JSON", async () => {
  const { job_id, result } = await run(server(), "keeps_secrets:tells", { name: "PIN", as_number: true });
  expect(result).toMatchObject({ result: { value: "******" } });
  expect((await send(server(), `/jobs/${job_id}/result`)).body).toEqual(result);
});

test("an exception's message and its traceback hide it, and the API's own words stay", async () => {
  const { job_id, ...job } = await run(server(), "keeps_secrets:raises", { name: "API_KEY" });
  expect(job).toMatchObject({
    status: "failed",
    error: `cannot log in with ${stars(secrets.API_KEY)}`,
    failure: { reason: "exception", type: "ValueError" },
  });
  expect(job.failure?.traceback).toContain(`cannot log in with ${stars(secrets.API_KEY)}`);
  for (const shown of await shownOf(job_id)) expectNoSecretIn(shown);
});

test.each(Object.keys(telling))("JSON that a job has written into a message hides %s", async (name) => {
  const { job_id, error } = await run(server(), "keeps_secrets:raises_json", { name });
  expect(error).toMatch(/^\{"login": "\*+"\}$/);
  for (const shown of await shownOf(job_id)) {
    expectNoSecretIn(shown);
    for (const form of Object.values(telling).flatMap(formsOf).flatMap(formsOf))
      expect(shown).not.toContain(form);
  }
});

test("parameters and labels hide it, whoever sent it and however it is escaped", async () => {
  const escaped = '"\\u0068unter2-and-mor\\u0065"';
  const body = `{"entrypoint": "basic:succeeds", "parameters": {"key": ${escaped}}, "labels": {"key": ${escaped}}}`;
  const headers = { "content-type": "application/json", prefer: "wait=30" };
  const response = await fetch(new URL("/jobs", server().url), { method: "POST", headers, body });
  const job = (await response.json()) as Job;
  const key = "*".repeat(escaped.length - 2);
  expect(job).toMatchObject({
    status: "completed",
    parameters: { key },
    labels: { key: expect.stringMatching(/^\*+$/) },
  });
  for (const shown of await shownOf(job.job_id)) expectNoSecretIn(shown);
});

test("the answer to a cancel and the events of all jobs hide it", async () => {
  const news = eventsOf(server(), "/events");
  await news.next();
  const parameters = { path: join(await temporaryFolder(), secrets.API_KEY) };
  const jobId = await submit(server(), "basic:waits_for_file", parameters);
  await reached(server(), jobId, "running");
  const { status, text } = await send(server(), `/jobs/${jobId}/cancel`, {});
  expect(status).toBe(202);
  expectNoSecretIn(text);
  expect(text).toContain(stars(secrets.API_KEY));
  await ended(server(), jobId);
  for await (const { data } of news) {
    expectNoSecretIn(JSON.stringify(data));
    if (data.job_id === jobId && data.status === "failed") break;
  }
});

test.each([
  ["of its own", "keeps_secrets:says_progress", `with ${stars(secrets.API_KEY)} in it`],
  [
    "in colour",
    "keeps_secrets:says_progress_in_colour",
    expect.stringContaining(`${stars(secrets.API_KEY)}:  44%`),
  ],
  ["by its bar", "keeps_secrets:shows_bar", expect.stringContaining(`${stars(secrets.API_KEY)}:  44%`)],
])("the progress %s hides it", async (_what, entrypoint, text) => {
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server(), entrypoint, { name: "API_KEY", path });
  const job = await waitFor(async () => {
    const { body } = await send<Job>(server(), `/jobs/${jobId}`);
    expect(body.progress).not.toBeNull();
    expect(body.progress).toBeDefined();
    return body;
  });
  expect(job.progress?.text).toEqual(text);
  for await (const { event, data } of eventsOf(server(), `/jobs/${jobId}/events`)) {
    expectNoSecretIn(JSON.stringify(data));
    if (event === "progress") writeFileSync(path, "");
  }
});

test("a large result is hidden as it is streamed", async () => {
  const job = await run(server(), "keeps_secrets:returns_many", { name: "QUOTED", count: 100_000 });
  expect(job.result_url).toBeDefined();
  const { body, text } = await send(server(), String(job.result_url));
  const hidden = stars(pythons(secrets.QUOTED));
  expect(text).toBe(onDisk(job.job_id, "result.json").replaceAll(pythons(secrets.QUOTED), hidden));
  expect(new Set((body as { result: string[] }).result)).toEqual(new Set([hidden]));
});

test("nothing else tells them: no line of the log, no record of the server's, no page", async () => {
  const { job_id } = await run(server(), "basic:succeeds");
  for (const name of ["job.json", "status.json", "exit.json", "claim"])
    expectNoSecretIn(onDisk(job_id, name));
  for (const path of ["/", "/openapi.json", "/health", "/docs", "/jobs/none", `/${secrets.PIN.slice(1)}`]) {
    expectNoSecretIn((await send(server(), path)).text);
  }
  expect(server().log.length).toBeGreaterThan(10);
  expectNoSecretIn(server().log.join("\n"));
});
