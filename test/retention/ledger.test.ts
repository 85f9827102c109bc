import { describe, expect, test } from "vitest";
import { type EndedRun, Ledger } from "../../src/retention/ledger.ts";
import { type Rules, ruleAgainstOldest } from "../../src/retention/rules.ts";

/** The same chance each time (a linear congruential generator). */
function chances(): () => number {
  let state = 7;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const inOrder = (a: EndedRun, b: EndedRun) => a.ended - b.ended || (a.jobId < b.jobId ? -1 : 1);

test("a ledger is what a sorted list would be, whatever is added, deleted and taken", () => {
  const chance = chances();
  const ledger = new Ledger();
  let known: EndedRun[] = [];
  for (let step = 0; step < 20_000; step++) {
    const kind = chance() * (step < 8000 ? 1 : 2);
    const one = known[Math.floor(chance() * known.length)];
    if (kind < 0.6) {
      const run = {
        jobId: `run-${step}`,
        ended: Math.floor(chance() * 500),
        bytes: Math.floor(chance() * 9),
      };
      ledger.add(run);
      known.push(run);
    } else if (kind < 0.8 && one !== undefined) {
      ledger.delete({ ...one, jobId: "unknown" });
      ledger.delete(one);
      known = known.filter((run) => run !== one);
    } else {
      known.sort(inOrder);
      expect(ledger.takeOldest()).toEqual(known.shift());
    }
    expect(ledger.count).toBe(known.length);
    if (step % 100 === 0) {
      expect(ledger.oldest).toEqual(known.toSorted(inOrder)[0]);
      expect(ledger.bytes).toBe(known.reduce((sum, { bytes }) => sum + bytes, 0));
    }
  }
});

const day = 86_400_000_000;
const none: Rules = { keepDays: undefined, keepRuns: undefined, keepBytes: undefined };

/** The runs that go, in their order, when so many bytes ended so many days ago. */
function gone(rules: Partial<Rules>, runs: readonly (readonly [daysAgo: number, bytes: number])[]): string[] {
  const ledger = new Ledger();
  for (const [daysAgo, bytes] of runs)
    ledger.add({ jobId: `${daysAgo}d`, ended: 100 * day - daysAgo * day, bytes });
  const ids: string[] = [];
  while (ruleAgainstOldest({ ...none, ...rules }, ledger, 100 * day) !== undefined)
    ids.push(String(ledger.takeOldest()?.jobId));
  return ids;
}

const runs = [
  [3, 10],
  [1, 10],
  [5, 10],
  [2, 10],
  [4, 10],
] as const;

describe("of five runs of ten bytes that ended one to five days ago", () => {
  test.each<[string, Partial<Rules>, string[]]>([
    ["nothing goes without a rule", {}, []],
    ["age takes those that are as old", { keepDays: 3 }, ["5d", "4d", "3d"]],
    ["age is a decimal number", { keepDays: 3.5 }, ["5d", "4d"]],
    ["age takes the newest too", { keepDays: 0.001 }, ["5d", "4d", "3d", "2d", "1d"]],
    ["number takes the oldest", { keepRuns: 2 }, ["5d", "4d", "3d"]],
    ["number takes none that it has room for", { keepRuns: 5 }, []],
    ["bytes take the oldest until the rest fits", { keepBytes: 39 }, ["5d", "4d"]],
    ["bytes take none that just fits", { keepBytes: 50 }, []],
    ["bytes never take the newest", { keepBytes: 1 }, ["5d", "4d", "3d", "2d"]],
    ["the strictest rule counts", { keepDays: 4.5, keepRuns: 3, keepBytes: 45 }, ["5d", "4d"]],
  ])("%s", (_what, rules, expected) => {
    expect(gone(rules, runs)).toEqual(expected);
  });

  test("the rule that is broken is told as it was set", () => {
    const ledger = new Ledger();
    ledger.add({ jobId: "a", ended: 0, bytes: 10 });
    ledger.add({ jobId: "b", ended: 2 * day, bytes: 10 });
    const told = (rules: Partial<Rules>) => ruleAgainstOldest({ ...none, ...rules }, ledger, 2 * day);
    expect(told({ keepDays: 1.5, keepRuns: 1 })).toBe("QUANT_RUNS_KEEP_DAYS=1.5");
    expect(told({ keepDays: 3, keepRuns: 1 })).toBe("QUANT_RUNS_KEEP_RUNS=1");
    expect(told({ keepRuns: 2, keepBytes: 11 })).toBe("QUANT_RUNS_KEEP_BYTES=11");
  });
});
