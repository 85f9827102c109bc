import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ended, type Job, run, send, startServer, submit, type TestServer } from "../support/server.ts";
import { completed, expectForms, expectRows, memberText, textOf } from "./rows.ts";

/** Runs a job whose parameters are JSON text; returns the text of its result and of its parameters as GET tells them. */
async function texts(server: TestServer, entrypoint: string, parameters: string) {
  const accepted = await send<Job>(
    server,
    "/jobs",
    `{"entrypoint":"${entrypoint}","parameters":${parameters}}`,
  );
  expect(accepted.status, accepted.text).toBe(201);
  const jobId = accepted.body.job_id;
  await ended(server, jobId);
  const result = await memberText(server, jobId, "result");
  return { result, parameters: await memberText(server, jobId, "parameters") };
}

/** Sends each value to a callable, and compares what arrives there, as Python shows it, and what comes back. */
async function expectEchoes(values: readonly (readonly [sent: string, python: string, back: string])[]) {
  const server = await startServer();
  await Promise.all(
    values.map(async ([sent, python, back]) => {
      const { result, parameters } = await texts(server, "results:echoes", `{"value":${sent}}`);
      expect.soft(result, sent).toBe(`{"result": [${JSON.stringify(python)}, ${back}]}`);
      expect.soft(parameters, sent).toBe(`{"value":${sent}}`);
    }),
  );
}

test("numbers pass unchanged, letter by letter", async () => {
  const digits = "1234567890".repeat(600);
  await expectEchoes([
    ["1.0", "1.0", "1.0"],
    ["1", "1", "1"],
    ["-0.0", "-0.0", "-0.0"],
    ["0.1", "0.1", "0.1"],
    ["12345678901234567890", "12345678901234567890", "12345678901234567890"],
    ["-9007199254740993", "-9007199254740993", "-9007199254740993"],
    ["1e400", "inf", "null"],
    ["5e-324", "5e-324", "5e-324"],
    ["1E5", "100000.0", "100000.0"],
    [`[1.0,[2,${"3".repeat(40)}]]`, `[1.0, [2, ${"3".repeat(40)}]]`, `[1.0, [2, ${"3".repeat(40)}]]`],
  ]);
  const { result } = await texts(await startServer(), "basic:succeeds", `{"value":${digits}}`);
  expect(result).toBe(`{"result": {"value": ${digits}}}`);
});

test("keys and strings pass unchanged, whatever they hold", async () => {
  const keys = '{"__proto__":{"a":1},"constructor":2,"toString":3,"":4}';
  const spaced = '{"__proto__": {"a": 1}, "constructor": 2, "toString": 3, "": 4}';
  await expectEchoes([
    [keys, spaced.replaceAll('"', "'"), spaced],
    ['{"b":1,"a":2}', "{'b': 1, 'a': 2}", '{"b": 1, "a": 2}'],
    ['"\u{1f600}é"', "'\\U0001f600\\xe9'", '"\\ud83d\\ude00\\u00e9"'],
    ['"\u2028\u2029"', "'\\u2028\\u2029'", '"\\u2028\\u2029"'],
    ['"\\ud800"', "'\\ud800'", '"\\ud800"'],
    ['"\\u0000"', "'\\x00'", '"\\u0000"'],
    ['"\\r\\n\\t\\"\\\\"', "'\\r\\n\\t\"\\\\'", '"\\r\\n\\t\\"\\\\"'],
    ["true", "True", "true"],
    ["null", "None", "null"],
    ["[[],{}]", "[[], {}]", "[[], {}]"],
  ]);
});

// JavaScript puts keys that look like whole numbers first, in their numeric order.
test("keys that look like whole numbers keep their order", async () => {
  const { result } = await texts(await startServer(), "basic:succeeds", '{"b":1,"10":2,"9":3}');
  expect(result).toBe('{"result": {"b": 1, "10": 2, "9": 3}}');
});

const forms: Readonly<Record<string, string>> = {
  tuple: "[1, [2, 3]]",
  namedtuple: "[1, 2]",
  set: "[1, 2, 3]",
  frozenset: '["a", "b"]',
  range: "[0, 1, 2]",
  deque: "[1, 2]",
  array: "[1.0, 2.0]",
  keys: '["b", "a"]',
  values: "[1, 2]",
  items: '[["b", 1]]',
  mapping: '{"b": 1}',
  counter: '{"a": 2, "b": 1}',
  "user's dict": '{"a": 1}',
  "user's list": "[1]",
  "user's string": '"text"',
  bytes: '"AP8="',
  bytearray: '"AP8="',
  memoryview: '"AP8="',
  date: '"2026-01-02"',
  time: '"01:02:03"',
  datetime: '"2026-01-02T03:04:05.678901"',
  "datetime with offset": '"2026-01-02T00:00:00+00:00"',
  timedelta: "60.5",
  decimal: '"1.10"',
  fraction: '"1/3"',
  complex: '"(1+2j)"',
  path: '"/a/b"',
  uuid: '"00000000-0000-0000-0000-000000000001"',
  enum: '"buy"',
  "integer enum": "1",
  dataclass: '{"symbol": "EURUSD", "price": "1.10", "day": "2026-01-02", "parent": null}',
  "dataclass with a parameter that is no field": '{"price": 1}',
  class: "\"<class 'results.Nameless'>\"",
  object: '"told by str()"',
  "object that cannot be told": '"<Untellable that cannot be shown>"',
  "object that cannot be asked for its class": '"<UnboundProxy that cannot be shown>"',
  "object whose form fails": '"told by str() after all"',
  nothing: "null",
  "keys that are no strings": '{"1": "c", "2.5": "b", "null": "d", "NaN": "e"}',
  "no numbers": '[null, null, null, "NaN", "a \\"NaN\\" \\\\", "-Infinity", {"Infinity": null}]',
  "decimal that is no number": '"NaN"',
};

const formsOfOtherKeys = {
  "keys that json refuses":
    '{"(1, 2)": "a", "2026-01-02": "b", "buy": "c", "/w==": "d", "<Untellable that cannot be shown>": "e", "7": "f"}',
  "keys json refuses beside no numbers": '{"(1,)": [null, null, 1.0]}',
};

test("a result that JSON cannot hold gets its documented form", async () => {
  await expectForms(await startServer(), "results:returns_forms", forms, formsOfOtherKeys);
});

test("what is no number becomes null however deep it lies, and text that looks like one stays", async () => {
  const count = 20_000;
  const values: (number | null)[] = Array.from({ length: count }, (_, index) => index);
  values[count / 2] = null;
  const job = await run(await startServer(), "results:buries_no_numbers", { count });
  expect(job.result?.result).toEqual({ deep: [{ values }], text: "NaN ".repeat(count) });
});

test("a circle is cut where it closes", async () => {
  const trade = { symbol: "EURUSD", price: 1, day: "2026-01-02", parent: "{...}" };
  const count = 5000;
  const children = Array.from({ length: count }, (_, number) => ({ parent: "{...}", number }));
  await expectRows(await startServer(), [
    ["a dict", "results:returns_circle", { kind: "dict" }, completed({ name: "circle", self: "{...}" })],
    ["a list", "results:returns_circle", { kind: "list" }, completed([1, "[...]"])],
    ["a dataclass", "results:returns_circle", { kind: "dataclass" }, completed(trade)],
    ["a tree", "results:returns_tree_with_parents", { count }, completed({ children })],
  ]);
});

test("lists nest 100,000 deep, also where the recursion limit was raised", async () => {
  const server = await startServer();
  const depth = 100_000;
  for (const raises_limit of [false, true]) {
    const { result } = await texts(server, "results:nests", JSON.stringify({ depth, raises_limit }));
    expect(result).toBe(`{"result": ${"[".repeat(depth)}"the bottom"${"]".repeat(depth)}}`);
  }
});

test("a result of 5 MB stands beside the job, whole, and says where", async () => {
  const server = await startServer();
  const length = 5_000_000;
  const job = await run(server, "results:returns_text", { length });
  expect(job).toMatchObject({
    status: "completed",
    result: null,
    result_bytes: length + '{"result": ""}\n'.length,
    result_url: `/jobs/${job.job_id}/result`,
  });
  const { text } = await send(server, `/jobs/${job.job_id}/result`);
  expect(text).toBe(`{"result": "${"x".repeat(length)}"}\n`);
  expect(textOf(server, job, "status.json").length).toBeLessThan(2000);
});

test("a result stands in the job up to 1 MiB, and not a byte beyond", async () => {
  const server = await startServer();
  const length = 1024 * 1024 - '{"result": ""}\n'.length;
  const largest = await run(server, "results:returns_text", { length });
  expect(largest).toMatchObject(completed("x".repeat(length)));
  expect(largest).not.toHaveProperty("result_url");
  const larger = await run(server, "results:returns_text", { length: length + 1 });
  expect(larger).toMatchObject({ status: "completed", result: null, result_bytes: 1024 * 1024 + 1 });
});

test("a result of 500 MB is fetched whole, and the server stays small", async () => {
  const server = await startServer();
  const before = residentMebibytes(server, "VmRSS");
  const length = 500_000_000;
  const jobId = await submit(server, "results:returns_text", { length });
  const job = await ended(server, jobId);
  expect(job).toMatchObject({ status: "completed", result: null });
  const response = await fetch(new URL(String(job.result_url), server.url));
  let received = 0;
  for await (const chunk of response.body ?? []) received += chunk.length;
  expect(received).toBe(job.result_bytes);
  expect(residentMebibytes(server, "VmHWM") - before).toBeLessThan(150);
});

/** VmRSS: now. VmHWM: the most there ever was. */
function residentMebibytes(server: TestServer, line: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Number(new RegExp(`${line}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
}
