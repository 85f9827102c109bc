import { expect, test } from "vitest";
import { Progress } from "../../src/jobs/progress.ts";
import { lastBar } from "../../src/progress/last-bar.ts";

const at = (step: number) => `${step}%|####5     | ${step}/100 [00:10<00:12,  4.39it/s]`;

test.each([
  ["carriage returns", `\r${at(44)}\r${at(45)}`],
  ["lines", `${at(44)}\n${at(45)}\n`],
  ["ordinary lines after it", `${at(44)}\r${at(45)}\nloaded 3/4 of files\nmaximum drawdown 17%\n`],
  ["half a bar after it", `${at(45)}\r46%|####`],
  ["blanks over it", `\r${at(45)}\r${" ".repeat(60)}\r`],
  ["Windows line ends", `${at(44)}\r\n${at(45)}\r\n`],
  ["another below it, and the cursor back", `\n\r${at(44)}\x1b[A\r${at(45)}\n\x1b[A`],
])("the last bar is found with %s", (_what, tail) => {
  expect(lastBar(tail)).toMatchObject({ current: 45, text: at(45) });
});

test.each(["", "\r\n\r\n", "hello\nmaximum drawdown 17%\n", "x".repeat(8192)])("there is none", (tail) => {
  expect(lastBar(tail)).toBeUndefined();
});

const pieces = [
  ...(at(45).match(/\d+|./g) ?? []),
  ..."━╸█░#=>-.*~\r\n\t\x1b\b\u{1F600}\uD800",
  "[",
  "/s",
  " of ",
  "ETA: ",
];

/** Numbers below 1 that look random and are the same each time (a linear congruential generator). */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    yield state / 2 ** 32;
  }
}

test("random bytes and torn bars give sound progress or none", () => {
  const random = numbers(1);
  const below = (limit: number) => Math.floor((random.next().value ?? 0) * limit);
  const found = Array.from({ length: 5000 }, () => {
    const bytes = Buffer.from(Array.from({ length: 40 }, () => below(256))).toString();
    const torn = Array.from({ length: 30 }, () => pieces[below(pieces.length)]).join("");
    const start = below(30);
    const mixed = at(45).slice(0, start) + (pieces[below(pieces.length)] ?? "") + at(7).slice(start);
    return [bytes, torn, mixed].map(lastBar);
  });
  const bars = found.flat().filter((bar) => bar !== undefined);
  expect(bars.length).toBeGreaterThan(0);
  for (const bar of bars) expect(Progress.parse(bar)).toEqual(bar);
});

test.each(["1", "1:11:", "█", "━ ", "[#", "45%|", "1/1 ", "\x1b]", "\x1b[", "-", " ", "1it [00:10, "])(
  "8 KiB of %j come to an end",
  (piece) => {
    const tail = piece.repeat(8192).slice(0, 8192);
    for (const text of [tail, `45%|${tail}`])
      expect(() => Progress.optional().parse(lastBar(text))).not.toThrow();
  },
);
