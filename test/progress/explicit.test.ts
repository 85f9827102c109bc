import { expect, test } from "vitest";
import { parseProgressLine } from "../../src/progress/explicit.ts";
import { progressOf } from "../../src/progress/progress-of.ts";

/** The line, the seconds since the start, and what it tells; the rest is null. */
test.each<[string, string, number | null, Parameters<typeof progressOf>[0]]>([
  ["a fraction", '{"fraction": 0.25}', null, { fraction: 0.25 }],
  ["a fraction after a time", '{"fraction": 0.25}', 10, { fraction: 0.25, eta_seconds: 30 }],
  ["a number", "0.25", null, { fraction: 0.25 }],
  ["a number after a time", " 0.25\r", 10, { fraction: 0.25, eta_seconds: 30 }],
  ["no fraction yet", '{"fraction": 0}', 10, { fraction: 0 }],
  ["all of it", '{"fraction": 1}', 10, { fraction: 1, eta_seconds: 0 }],
  ["a sum of fractions", "1.0000000000000002", 10, { fraction: 1, eta_seconds: 0 }],
  [
    "an amount of a total",
    '{"current": 25, "total": 100}',
    null,
    { fraction: 0.25, current: 25, total: 100 },
  ],
  [
    "an amount of a total after a time",
    '{"current": 25, "total": 100}',
    10,
    { fraction: 0.25, current: 25, total: 100, rate: 2.5, eta_seconds: 30 },
  ],
  ["an amount", '{"current": 25}', 10, { current: 25, rate: 2.5 }],
  [
    "more than the total",
    '{"current": 101, "total": 100}',
    10,
    { fraction: 1, current: 101, total: 100, rate: 10.1, eta_seconds: 0 },
  ],
  [
    "a rate of its own",
    '{"current": 25, "total": 100, "rate": 25}',
    10,
    { fraction: 0.25, current: 25, total: 100, rate: 25, eta_seconds: 3 },
  ],
  ["a time of its own", '{"fraction": 0.25, "eta_seconds": 7}', 10, { fraction: 0.25, eta_seconds: 7 }],
  [
    "a time before the start",
    '{"current": 25, "total": 100}',
    -1,
    { fraction: 0.25, current: 25, total: 100 },
  ],
  ["a text", '{"text": "reads prices"}', 10, { text: "reads prices" }],
  [
    "a text of colours and lines",
    '{"text": " \\u001b[1mreads\\n prices\\u001b[0m"}',
    null,
    { text: "reads  prices" },
  ],
  ["what it does not know", '{"fraction": 0.25, "step": [1, {"a": 2}]}', null, { fraction: 0.25 }],
  [
    "nonsense beside sense",
    '{"fraction": "1", "current": -1, "total": 0, "rate": true, "eta_seconds": null, "text": "half"}',
    10,
    { text: "half" },
  ],
  ["NaN as Python writes it", '{"fraction": NaN, "rate": -Infinity, "text": "NaN"}', 10, { text: "NaN" }],
  ["a number too large", '{"fraction": 0.25, "total": 1e999}', null, { fraction: 0.25 }],
  ["a percentage for a fraction", '{"fraction": 45, "current": 1}', null, { current: 1 }],
])("%s", (_what, line, elapsed, findings) => {
  expect(parseProgressLine(line, elapsed)).toEqual(progressOf(findings));
});

test.each([
  "",
  " ",
  "{}",
  "[]",
  "null",
  "true",
  "NaN",
  "45",
  "-0.5",
  '"0.5"',
  "[0.5]",
  "half done",
  '{"step": 1}',
  '{"fraction": 0.5',
  '{"text": " \\u001b[0m "}',
  '{"fraction": null, "text": 5}',
  "[".repeat(8192),
  '"\\'.repeat(4096),
])("%j tells nothing", (line) => {
  expect(parseProgressLine(line, 10)).toBeUndefined();
});

test("a long text is cut", () => {
  expect(parseProgressLine(JSON.stringify({ text: "x".repeat(5000) }), null)?.text).toBe("x".repeat(200));
});
