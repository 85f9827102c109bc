import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Stock } from "../../src/retention/stock.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

/** A stock whose takings last so many milliseconds each. */
const stockOf = (milliseconds: number) => new Stock(async () => void vi.advanceTimersByTime(milliseconds));

test("a count is known once it was taken, until a run comes", async () => {
  const stock = stockOf(10);
  expect(stock).toMatchObject({ isKnown: false, untilNext: 0 });
  await stock.take();
  expect(stock.isKnown).toBe(true);
  stock.doubt();
  expect(stock.isKnown).toBe(false);
});

test.each([
  ["as short as that of a small folder", 1, 20],
  ["longer", 100, 2000],
  ["as long as that of a sick disk", 30_000, 60_000],
])(
  "a taking that is %s makes the next one wait twenty times as long, a minute at most",
  async (_what, took, rest) => {
    const stock = stockOf(took);
    await stock.take();
    expect(stock.untilNext).toBe(rest);
    vi.advanceTimersByTime(rest - 1);
    expect(stock).toMatchObject({ isKnown: true, untilNext: 1 });
    vi.advanceTimersByTime(1000);
    expect(stock).toMatchObject({ isKnown: false, untilNext: 0 });
  },
);

test("a taking that fails tells nothing, and the next one waits for a minute", async () => {
  const stock = new Stock(() => Promise.reject(new Error("the disk is gone")));
  await expect(stock.take()).rejects.toThrow("the disk is gone");
  expect(stock).toMatchObject({ isKnown: false, untilNext: 60_000 });
});
