import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { home, run, send, startServer } from "../support/server.ts";
import { completed, expectForms } from "./rows.ts";

const environment = join(home, ".venv", "bin", "python");
const python = existsSync(environment) ? environment : "python3";
const installed = !(await execa(python, ["-c", "import numpy, pandas"], { reject: false })).failed;

/** Skips where numpy and pandas are not installed, but not in continuous integration: there they have to be. */
const testFrames = test.skipIf(!installed && !process.env.CI);
const reason = installed ? "" : " (numpy and pandas are not installed in .venv)";

const start = () => startServer({ args: ["--python", python] });

const day = '"2026-01-02T00:00:00"';
const days = `[${day}, "2026-01-05T00:00:00"]`;
const forms: Readonly<Record<string, string>> = {
  integer: "5",
  float: "1.0",
  "small float": "0.5",
  boolean: "true",
  text: '"text"',
  bytes: '"AP8="',
  "no number": "null",
  complex: '"(1+2j)"',
  array: "[[1.0, null], [null, 4.0]]",
  "array of no dimension": "5",
  "empty array": "[]",
  "structured array": "[[1, 2.0]]",
  "masked array": "[1, null]",
  "array of objects": '[null, [1], "text"]',
  date: '"2026-01-02"',
  "no date": "null",
  dates: '["2026-01-02T03:04:05.678901234", null]',
  duration: "5400.0",
  durations: "[1.5, null]",
  timestamp: '"2026-01-02T00:00:00+00:00"',
  timedelta: "5400.0",
  "no time": "null",
  missing: "null",
  period: '"2026-01"',
  index: days,
  categorical: '["a", "b", "a"]',
  "extension array": "[1, null]",
  series: `{"name": "close", "index": ${days}, "data": [1.5, null]}`,
  frame: `{"index": ${days}, "columns": ["close", "trades"], "data": [[1.5, 1], [null, 2]]}`,
  "user's kind of array": "[1.0]",
  "user's kind of frame": '{"index": [0], "columns": ["close"], "data": [[1.5]]}',
  "empty frame": '{"index": [], "columns": [], "data": []}',
};

const formsOfOtherKeys = {
  keys: '{"5": 6, "2026-01-02T00:00:00": 7}',
  "frames in a dict":
    '{"frame": {"index": ["2026-01-05T00:00:00"], "columns": ["close", "trades"], "data": [[null, 2]]}, ' +
    `"(1, 2)": {"name": "close", "index": [${day}], "data": [1.5]}}`,
};

testFrames(`what numpy and pandas return gets its documented form${reason}`, async () => {
  await expectForms(await start(), "frames:returns_forms", forms, formsOfOtherKeys);
});

testFrames.each([
  ["a frame", "frame"],
  ["a series", "series"],
  ["an array", "array"],
])(`the form of %s builds the same again${reason}`, async (_what, name) => {
  const server = await start();
  const { result } = await run(server, "frames:returns_form", { name });
  const job = await run(server, `frames:rebuilds_${name}`, { form: result?.result });
  expect(job).toMatchObject(completed(expect.stringMatching(/^the same/)));
});

testFrames(`a frame of 100,000 rows with holes is fetched whole${reason}`, async () => {
  const server = await start();
  const rows = 100_000;
  const job = await run(server, "frames:counts_rows", { rows });
  const { text } = await send(server, String(job.result_url));
  const { result } = JSON.parse(text);
  expect(result.data).toHaveLength(rows);
  expect(result.data.slice(-2)).toEqual([
    [rows - 2, (rows - 2) * 2],
    [rows - 1, (rows - 1) * 2],
  ]);
  expect(result.data.filter(([value]: [number | null]) => value === null)).toHaveLength(Math.ceil(rows / 7));
});
