import { expect, test } from "vitest";
import { parseBar } from "../../src/progress/bar.ts";

test.each([
  "",
  "maximum drawdown 17%",
  "done 3/4 of files",
  "2026/01/02 10:00:00 INFO 45% of 3/4 rows in 00:10",
  "[2026-01-02 10:00:00] step 3/4 [10:00]",
  "loaded 45 files [00:10, and/or more]",
  "[ 45%] Building CXX object",
  "tests/test_prices.py .....                         [ 45%]",
  "========= 45 passed, 3/4 skipped in 12s =========",
  "---------- 17% ----------",
  "━━━━━━━━━━ Epoch 3/4 ━━━━━━━━━━",
  "──────────── 45% ────────────",
  "┏━━━━━━━━━━━━┳━━━━━━━━━━━━┓",
  "drawdown ━ 17%",
  "equity ▁▂▃▅▇█▇▅▃ 17%",
  "momentum  ██████████ 45.2%",
  "| drawdown |  17% |   3/4 |",
  "|--------- |------|-------|",
  "|          |  17% |   3/4 |",
  "|     5    | 17% |",
  "[==========] 45 tests from 3 test suites ran.",
  "[##########] 170%",
  "[##########] -17%",
  "[##########] 5/4",
  "[##########] 0/0",
  "[##########] 3/4/2026",
  "[###] 45%",
  "[##########] accuracy 45%",
  "### 45%",
  "I read 45% of x[i] > y[j] | z",
  `{"drawdown": "17%", "bar": "[     ]"}`,
  "1/2 [3:4<5:6]",
  "histogram: 0.1-0.2 |########      | 12% of trades",
  "Drawdown ▓▓▓▓░░░░ 23%",
  "max drawdown: [#####.....] 12.5%",
  "[-----] 20% drawdown",
  "|----------| 01/02",
  "fill 100 [09:30:01, 5 AAPL/USD]",
  "-5/10 [00:10<00:30, 1it/s]",
])("%j is no progress", (text) => {
  expect(parseBar(text)).toBeUndefined();
});

const bar = "45/100 [00:10<00:12, 4.39it/s]";

test.each([
  ["colours", `\x1b[1m\x1b[38;2;249;38;114m${bar}\x1b[0m`],
  ["cursor movements", `\x1b[?25l\x1b[2K${bar}\x1b[A\x1b[1A`],
  ["a link", `\x1b]8;;https://example.com/\x1b\\${bar}\x1b]8;;\x07`],
  ["a title that is cut off", `${bar}\x1b]0;a title`],
  ["a colour that is cut off", `${bar}\x1b[38;2`],
  ["backspaces, zeros and blanks", `\b\b\b\0\0  ${bar} \t  `],
])("%s are no part of the text", (_what, text) => {
  expect(parseBar(text)?.text).toBe(bar);
});

test("a long text is cut between two characters", () => {
  const text = parseBar(`${"😀".repeat(300)} ${bar}`)?.text;
  expect(text).toBe("😀".repeat(200));
});

test("a line longer than any bar is none", () => {
  expect(parseBar(`${"x".repeat(2000)} ${bar}`)).toBeUndefined();
});

test("numbers too large to tell are not told", () => {
  const digits = "9".repeat(400);
  expect(parseBar(`${digits}/${digits} [00:10<00:12, ${digits}it/s]`)).toMatchObject({
    fraction: null,
    current: null,
    total: null,
    rate: null,
  });
});
