import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findToken, readTokens } from "../../src/access/tokens.ts";
import { StartError } from "../../src/errors.ts";
import { describedBy, OpenapiDocument, operationsOf } from "../http/description.ts";
import { emptyApp, emptyConfig } from "../http/empty-app.ts";
import { exchangeOne, requestText } from "../http/raw.ts";
import {
  ended,
  type Job,
  run,
  sharedServer,
  startServer,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

const undoings: (() => Promise<void>)[] = [];
const folder = await temporaryFolder((undo) => undoings.push(undo));
afterAll(async () => {
  for (const undo of undoings) await undo();
});
const tokenFile = join(folder, "tokens");
writeFileSync(tokenFile, "# who may do what\n\nci run run-token-1\nboard read read-token-1\r\n");
chmodSync(tokenFile, 0o600);

const server = sharedServer({ env: { QUANT_RUNS_TOKEN: "own-token", QUANT_RUNS_TOKEN_FILE: tokenFile } });
const open = sharedServer();

const authorization = (token?: string): Record<string, string> =>
  token === undefined ? {} : { authorization: token.includes(" ") ? token : `Bearer ${token}` };

function ask(path: string, token?: string, init: RequestInit = {}) {
  const headers = { ...authorization(token), ...(init.headers as Record<string, string>) };
  return fetch(new URL(path, server().url), { redirect: "manual", ...init, headers });
}

async function submit(token: string, entrypoint = "basic:succeeds", parameters = {}): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return ask("/jobs", token, { method: "POST", headers, body: JSON.stringify({ entrypoint, parameters }) });
}

/** Every address there is, described or not, with a job id that no job has. */
const addresses = operationsOf(await descriptionOf()).map(({ method, path }) => ({
  method: method.toUpperCase(),
  path: path.replace("{job_id}", "none").replace("{log}", "stdout").replace("{path}", "x"),
}));
const pages = [
  "/docs",
  "/redoc",
  "/openapi.json",
  "/assets/swagger-ui.css",
  "/assets/none",
  "/none",
  "/jobs/",
];
const everything = [...addresses, ...pages.map((path) => ({ method: "GET", path }))];
const guarded = everything.filter(({ path }) => path !== "/health");

/** Asked of an app in this process, since servers are started later than tests are listed. */
async function descriptionOf(): Promise<OpenapiDocument> {
  const app = emptyApp({ runsDir: folder });
  return OpenapiDocument.parse(await (await app.request("/openapi.json")).json());
}

describe.each(guarded)("$method $path", ({ method, path }) => {
  test.each([
    ["no token", undefined, undefined],
    ["a wrong token", "wrong", "invalid_token"],
    ["an empty token", "Bearer ", "invalid_token"],
    ["a part of a token", "run-token-", "invalid_token"],
    ["a token and more", "run-token-1x", "invalid_token"],
    ["another scheme", "Basic cnVuLXRva2VuLTE=", "invalid_token"],
  ])("gets 401 with %s", async (_what, token, error) => {
    const answer = await ask(path, token, { method });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    const challenge = answer.headers.get("www-authenticate") ?? "";
    expect(challenge).toMatch(/^Bearer realm="quant-runs"/);
    expect(/error="(\w+)"/.exec(challenge)?.[1]).toBe(error);
    expect(await answer.text()).not.toContain("run-token-1");
  });

  test("lets a token of the scope run in", async () => {
    for (const token of ["run-token-1", "own-token"]) {
      const answer = await ask(path, token, { method });
      await answer.body?.cancel();
      expect([401, 403]).not.toContain(answer.status);
    }
  });

  test(`${method === "GET" ? "lets" : "does not let"} a token of the scope read in`, async () => {
    const answer = await ask(path, "read-token-1", { method });
    await answer.body?.cancel();
    if (method === "GET") return expect([401, 403]).not.toContain(answer.status);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("www-authenticate")).toContain('error="insufficient_scope", scope="run"');
  });
});

test("every method is guarded, and GET /health alone is not", async () => {
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"]) {
    for (const path of ["/health", "/jobs", "/jobs/none"]) {
      expect({ method, path, status: (await ask(path, undefined, { method })).status }).toEqual({
        method,
        path,
        status: 401,
      });
    }
  }
  expect((await ask("/health")).status).toBe(200);
  expect((await ask("/health", undefined, { method: "HEAD" })).status).toBe(200);
  expect((await ask("/health", "wrong")).status).toBe(200);
});

test("no way of writing an address leads around the guard", async () => {
  for (const path of [
    "//jobs",
    "/%6aobs",
    "/jobs%2f",
    "/health/../jobs",
    "/health%2f..%2fjobs",
    "/health/",
    "/HEALTH",
    "/jobs?/health",
    "/health;/jobs",
  ]) {
    const { status } = await exchangeOne(server(), requestText(`GET ${path}`, ["Connection: close"]));
    expect({ path, status }).toEqual({
      path,
      status: path.includes("..") && path.includes("/../") ? 404 : expect.toBeOneOf([200, 401]),
    });
    if (status === 200) expect(path).toBe("/health/");
  }
});

test("the name of the token is in the job's record and in the audit line, the token itself nowhere", async () => {
  const answer = await submit("run-token-1", "callables:sees_environment");
  const { job_id } = (await answer.json()) as Job;
  const job = await waitFor(async () => {
    const body = (await (await ask(`/jobs/${job_id}`, "read-token-1")).json()) as Job;
    expect(body.status).toBe("completed");
    return body;
  });
  const record = JSON.parse(readFileSync(join(server().runsDir, job_id, "job.json"), "utf8"));
  expect(record.submitted_by).toBe("ci");
  const line = server()
    .log.map((text) => JSON.parse(text))
    .find((each) => each.audit === true && each.job_id === job_id);
  expect(line).toMatchObject({ action: "submitted", token: "ci", address: "127.0.0.1" });
  expect(line.request_id).toBe(answer.headers.get("x-request-id"));
  const written = readdirSync(join(server().runsDir, job_id))
    .filter((name) => name !== "alive")
    .map((name) => readFileSync(join(server().runsDir, job_id, name), "utf8"));
  const said = [...server().log, ...written, JSON.stringify(job)].join("\n");
  for (const secret of ["run-token-1", "own-token", "read-token-1"]) expect(said).not.toContain(secret);
  expect(Object.keys((job.result?.result as Record<string, string>) ?? {})).toContain("PATH");
  expect(JSON.stringify(job.result)).not.toContain("QUANT_RUNS_TOKEN");
});

test("who cancels is named by the token", async () => {
  const { job_id } = (await (
    await submit("own-token", "basic:waits_for_file", { path: join(await temporaryFolder(), "never") })
  ).json()) as Job;
  const cancelled = await ask(`/jobs/${job_id}/cancel`, "run-token-1", { method: "POST" });
  expect(cancelled.status).toBe(202);
  const job = await waitFor(async () => {
    const body = (await (await ask(`/jobs/${job_id}`, "own-token")).json()) as Job;
    expect(body.status).toBe("failed");
    return body;
  });
  expect(job.termination?.requested_by).toBe("ci at 127.0.0.1");
});

test("without a token nothing is asked for, and the record names nobody", async () => {
  const { job_id } = await run(open(), "basic:succeeds");
  await ended(open(), job_id);
  const record = JSON.parse(readFileSync(join(open().runsDir, job_id, "job.json"), "utf8"));
  expect(record.submitted_by).toBe(null);
  expect((await describedBy(open())).openapi).toMatch(/^3\.1/);
});

describe("the token file", () => {
  const read = async (text: string) => {
    const path = join(await temporaryFolder(), "tokens");
    writeFileSync(path, text);
    return readTokens({ ...emptyConfig(), tokenFile: path });
  };

  test("may hold one token and nothing else", async () => {
    const tokens = await read("abc-123\n");
    expect(tokens.map(({ name, scope }) => ({ name, scope }))).toEqual([{ name: "token", scope: "run" }]);
    expect(findToken(tokens, "abc-123")?.name).toBe("token");
    expect(findToken(tokens, "abc-12")).toBe(undefined);
  });

  test.each([
    ["nothing", "", /holds no token/],
    ["comments alone", "# a\n\n", /holds no token/],
    ["a line without a scope", "ci run abc\nboard def\n", /line 2 .*'name scope token'/],
    ["a scope there is none of", "ci admin abc", /line 1 .*read or run/],
    ["a name twice", "ci run abc\nci read def", /two tokens of the name ci/],
    ["a token twice", "ci run abc\nboard read abc", /ci and board are the same/],
    ["a token of other characters", "ci run abc\nboard read ä€", /line 2/],
  ])("is refused with %s, and no token is told", async (_what, text, message) => {
    const refusal = await read(text).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StartError);
    expect(String(refusal)).toMatch(message);
    expect(String(refusal)).not.toMatch(/abc|def/);
  });

  test("and a token of the environment that is none are refused without showing it", async () => {
    const reading = readTokens({ ...emptyConfig(), token: "my secret pass!" });
    await expect(reading).rejects.toThrow(/^QUANT_RUNS_TOKEN must consist of (?!.*secret)/);
  });

  test("that cannot be read stops the start", async () => {
    const reading = readTokens({ ...emptyConfig(), tokenFile: join(folder, "missing") });
    await expect(reading).rejects.toThrow(/missing cannot be read \(ENOENT\).*QUANT_RUNS_TOKEN_FILE/);
  });
});

test("with a token, other addresses than this machine's may be listened on", async () => {
  const wide = await startServer({ env: { HOST: "0.0.0.0", QUANT_RUNS_TOKEN: "own-token" } });
  const url = new URL("/jobs", wide.url.replace("0.0.0.0", "127.0.0.1"));
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { headers: authorization("own-token") })).status).toBe(200);
});
