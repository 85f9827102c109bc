import { describe, expect, test } from "vitest";
import { entrypointForm } from "../../src/jobs/entrypoint.ts";
import { expectProblem, refusingServer } from "./problem.ts";
import { type Answer, exchangeOne, postText, requestText } from "./raw.ts";

const server = refusingServer();

const mebibyte = 1024 * 1024;

/** Posts bytes with whatever content type, or none. */
async function post(
  body: string | Uint8Array<ArrayBuffer>,
  type: string | null = "application/json",
): Promise<Answer> {
  const headers: Record<string, string> = type === null ? {} : { "content-type": type };
  // Bytes, since fetch gives a text a content type of its own.
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const response = await fetch(`${server().url}/jobs`, { method: "POST", headers, body: bytes });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text: await response.text(),
  };
}

const get = (target: string) => exchangeOne(server(), requestText(`GET ${target}`));

describe("a body that is no JSON gets 400", () => {
  test.each([
    ["is empty", ""],
    ["is nothing but spaces", "  \n"],
    ["breaks off", '{"entrypoint": "basic:succ'],
    ["breaks off behind a comma", '{"entrypoint": "basic:succeeds",'],
    ["is prose", "please run basic:succeeds"],
    ["is a form", "entrypoint=basic:succeeds"],
    ["is a Python literal", "{'entrypoint': 'basic:succeeds'}"],
    ["has NaN", '{"parameters": {"x": NaN}}'],
    ["has Infinity", '{"parameters": {"x": -Infinity}}'],
    ["has a trailing comma", '{"entrypoint": "basic:succeeds",}'],
    ["is followed by more", '{"entrypoint": "basic:succeeds"} {}'],
    ["has a NUL", '{"entrypoint": "basic:succeeds"}\0'],
    ["is UTF-16", Uint8Array.from(Buffer.from('\ufeff{"entrypoint": "basic:succeeds"}', "utf16le"))],
    ["is Latin-1", Uint8Array.from(Buffer.from('{"parameters": {"é": 1}}', "latin1"))],
    ["has a lone surrogate", Uint8Array.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ["nests 501 deep", "[".repeat(501) + "]".repeat(501)],
    ["nests 200,000 deep", '{"parameters":'.repeat(200_000)],
    ["is one string of quotes without an end", `"${'\\"'.repeat(500_000)}`],
  ])("%s", async (_what, body) => {
    const problem = expectProblem(server(), await post(body), 400);
    expect(problem.detail).toMatch(/^The body /);
    expect(problem).not.toHaveProperty("errors");
  });
});

describe("a body that breaks the schema gets 422, each offending field named", () => {
  test.each([
    ["[]", ["body"]],
    ['[{"entrypoint": "basic:succeeds"}]', ["body"]],
    ['"basic:succeeds"', ["body"]],
    ["1", ["body"]],
    ["1.0", ["body"]],
    ["true", ["body"]],
    ["null", ["body"]],
    ['{"parameters": []}', ["body.parameters"]],
    ['{"parameters": "x=1"}', ["body.parameters"]],
    ['{"parameters": 1}', ["body.parameters"]],
    ['{"parameters": 1.5}', ["body.parameters"]],
    ['{"parameters": false}', ["body.parameters"]],
    ['{"entrypoint": 1}', ["body.entrypoint"]],
    ['{"entrypoint": 1.0}', ["body.entrypoint"]],
    ['{"entrypoint": {"module": "basic"}}', ["body.entrypoint"]],
    ['{"entrypoint": ["basic:succeeds"]}', ["body.entrypoint"]],
    ['{"entrypoint": true, "parameters": 7}', ["body.entrypoint", "body.parameters"]],
  ])("%s", async (body, fields) => {
    const problem = expectProblem(server(), await post(body), 422);
    expect(problem.errors?.map(({ field }) => field).toSorted()).toEqual(fields);
    for (const { field, message } of problem.errors ?? []) {
      expect(message).not.toBe("");
      expect(problem.detail).toContain(`${field}: ${message}`);
    }
  });
});

test.each(["abc", "-1", "1.5", "", "+1", "1e3", "0x10", "%201", "%D9%A1", "NaN", "1".repeat(400)])(
  "limit=%s gets 422, the field named",
  async (limit) => {
    const problem = expectProblem(server(), await get(`/jobs?limit=${limit}`), 422);
    expect(problem.errors).toEqual([{ field: "query.limit", message: "must be a whole number, 0 or more" }]);
  },
);

describe("an entrypoint of the wrong form gets 400 with the right form", () => {
  test.each([
    "run_mdps.main",
    "run_mdps:",
    ":main",
    ":",
    "",
    "a b:c",
    "a:b c",
    " a:b",
    "a:b:c",
    "../x:y",
    "/etc/passwd:x",
    "a/b:c",
    "..:x",
    ".rel:f",
    "a..b:c",
    "a.:b",
    "-c:x",
    "--version:x",
    "1a:b",
    "a-b:c",
    "m:f()",
    "m:f.__globals__",
    "pkg:os.system",
    "os:system\n",
    "os\n:system",
    "os:system\0",
    "ｏｓ:system",
    "os:ſystem",
    "os：system",
    "a:😀",
    `${"a".repeat(600)}:b`,
  ])("%j", async (entrypoint) => {
    const problem = expectProblem(server(), await post(JSON.stringify({ entrypoint })), 400);
    expect(problem.detail).toContain(entrypointForm);
  });

  test.each(["{}", '{"entrypoint": null}', '{"__proto__": {"entrypoint": "basic:succeeds"}}'])(
    "none at all: %s",
    async (body) => {
      const { detail } = expectProblem(server(), await post(body), 400);
      expect(detail).toContain(entrypointForm);
      expect(detail).toContain("MDPS_ENTRYPOINT");
    },
  );
});

test.each([
  [null],
  ["text/plain"],
  ["text/json"],
  ["application/x-www-form-urlencoded"],
  ["multipart/form-data; boundary=x"],
  ["application/jsonp"],
  ["application/xml"],
])("content type %s gets 415", async (type) => {
  const { detail } = expectProblem(server(), await post('{"entrypoint": "basic:succeeds"}', type), 415);
  expect(detail).toContain("application/json");
});

describe("a body beyond 8 MiB gets 413", () => {
  test("sent whole", async () => {
    expectProblem(server(), await post(`[${" ".repeat(8 * mebibyte)}]`), 413);
  });

  test("sent whole by a client that hangs up afterwards", async () => {
    const headers = ["Connection: close", `Content-Length: ${50 * mebibyte}`];
    expectProblem(server(), await exchangeOne(server(), postText(headers, " ".repeat(50 * mebibyte))), 413);
  });

  test("announced", async () => {
    expectProblem(server(), await exchangeOne(server(), postText(["Content-Length: 52428800"], "{")), 413);
  });

  test("in chunks, of no announced length", async () => {
    const chunk = `${mebibyte.toString(16)}\r\n${" ".repeat(mebibyte)}\r\n`;
    const request = postText(["Transfer-Encoding: chunked"], `${chunk.repeat(9)}0\r\n\r\n`);
    expectProblem(server(), await exchangeOne(server(), request), 413);
  });

  test("while 8 MiB are read", async () => {
    expectProblem(server(), await post(`[${" ".repeat(8 * mebibyte - 2)}]`), 422);
  });
});

test.each([
  ["of dots", "../x"],
  ["of encoded dots", "%2e%2e"],
  ["of one encoded dot", "%2E"],
  ["of encoded dots with a path behind", "%2e%2e/health"],
  ["of a path up", "..%2f..%2fetc"],
  ["of a whole path", "%2Fetc%2Fpasswd"],
  ["of a backslash", "..\\x"],
  ["with an encoded backslash", "..%5c..%5cetc"],
  ["with a NUL", "a\0b"],
  ["with an encoded NUL", "a%00b"],
  ["with an encoded newline", "a%0ab"],
  ["of a space", "%20"],
  ["of 5,000 characters", "a".repeat(5000)],
  ["of 129 characters", "a".repeat(129)],
  ["that begins with a dot", ".events"],
  ["that begins with a dash", "-rf"],
  ["of broken percent encoding", "%zz%E0%A4%A"],
  ["of an encoded percent sign", "%252e%252e"],
  ["in Chinese", "%E4%B8%AD"],
  ["in Chinese, not encoded", "中"],
  ["of full-width dots", "%EF%BC%8E%EF%BC%8E"],
  ["of a device", "con"],
  ["of a variable", "$HOME"],
  ["of a wildcard", "*"],
  ["that every object has", "__proto__"],
  ["that every object has, too", "constructor"],
  ["that is none", "20261123-152233-k3v9x2w8qa"],
])("a job id %s gets 404 or 400", async (_what, jobId) => {
  for (const target of [`/jobs/${jobId}`, `/jobs/${jobId}/result`]) {
    const answer = await get(target);
    expect([400, 404]).toContain(answer.status);
    expectProblem(server(), answer, answer.status);
  }
});
