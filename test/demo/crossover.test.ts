import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";

const demoDirectory = join(import.meta.dirname, "../../src/demo");
const ratesText = await readFile(join(demoDirectory, "ecb-eur-rates.csv"), "utf8");
const script =
  "import json, sys, crossover; print(json.dumps(crossover.backtest(**json.loads(sys.argv[1])), allow_nan=False))";

const tradeSchema = z.strictObject({
  entry_date: z.iso.date(),
  entry_price: z.number().positive(),
  exit_date: z.iso.date(),
  exit_price: z.number().positive(),
  return: z.number(),
  open: z.boolean(),
});
const resultSchema = z.strictObject({
  symbol: z.string(),
  fast: z.int(),
  slow: z.int(),
  first_date: z.iso.date(),
  last_date: z.iso.date(),
  observations: z.int(),
  trades: z.int(),
  trade_list: z.array(tradeSchema),
  total_return: z.number(),
  annual_return: z.number(),
  sharpe_ratio: z.number().nullable(),
  maximum_drawdown: z.number().min(0).max(1),
  buy_and_hold_return: z.number(),
  source: z.literal("European Central Bank"),
});

/** Runs the Python callable without its pauses; standard output is its log, then one line of JSON. */
function python(parameters: Record<string, unknown>) {
  const json = JSON.stringify({ pace_seconds: 0, ...parameters });
  return execa("python3", ["-B", "-c", script, json], { cwd: demoDirectory, reject: false, lines: true });
}

async function backtest(parameters: Record<string, unknown>) {
  const { stdout, stderr, exitCode } = await python(parameters);
  expect(stderr).toEqual([]);
  expect(exitCode).toBe(0);
  return resultSchema.parse(JSON.parse(at(stdout, stdout.length - 1)));
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`nothing at ${index}`);
  return item;
}

/** Running totals, the first of them 0, so that the sum of a window is one subtraction. */
function prefixSums(values: readonly number[]): number[] {
  const sums = [0];
  for (const value of values) sums.push(at(sums, sums.length - 1) + value);
  return sums;
}

/** One symbol's dates and rates, in hundred-thousandths: whole numbers, so that window sums are exact. */
function readSeries(symbol: string) {
  const [header = [], ...rows] = ratesText.split(/\r?\n/).map((line) => line.split(","));
  const days = rows.filter((row) => row.length === header.length);
  const units = days.map((row) => Math.round(Number(row[header.indexOf(symbol)]) * 100_000));
  return { dates: days.map((row) => at(row, 0)), units };
}

/** The series from the first slow average on, with the position known at each of its fixings as 0 or 1. */
function measure(symbol: string, fast: number, slow: number) {
  const { dates, units } = readSeries(symbol);
  const sums = prefixSums(units);
  const windowSum = (end: number, length: number) => at(sums, end) - at(sums, end - length);
  const ends = units.map((_, index) => index + 1).filter((end) => end >= slow);
  const positions = ends.map((end) => Number(windowSum(end, fast) * slow > windowSum(end, slow) * fast));
  return { dates: dates.slice(slow - 1), units: units.slice(slow - 1), positions };
}
type Measured = ReturnType<typeof measure>;

/** Pairs the fixings where the position rises with those where it falls; the end closes the last pair. */
function expectedTrades({ dates, units, positions }: Measured) {
  const last = positions.length - 1;
  const changes = positions.map((position, index) => position - (positions[index - 1] ?? 0));
  const entries = [...changes.keys()].filter((index) => changes[index] === 1 && index < last);
  const exits = [...changes.keys()].filter((index) => changes[index] === -1);
  return entries.map((entry, number) => {
    const exit = exits[number] ?? last;
    return {
      entry_date: at(dates, entry),
      entry_price: at(units, entry) / 100_000,
      exit_date: at(dates, exit),
      exit_price: at(units, exit) / 100_000,
      return: (at(units, exit) - at(units, entry)) / at(units, entry),
      open: exits[number] === undefined,
    };
  });
}

/** Sharpe ratio from the sums of the returns and of their squares. */
function expectedSharpe(returns: readonly number[]): number {
  const count = returns.length;
  const mean = at(prefixSums(returns), count) / count;
  const squares = at(prefixSums(returns.map((value) => value ** 2)), count);
  return (mean * Math.sqrt(252)) / Math.sqrt((squares - count * mean ** 2) / (count - 1));
}

/** The deepest fall, by its definition: from each day to the lowest still to come. */
function expectedDrawdown(logEquity: readonly number[]): number {
  const falls = logEquity.map((value, index) => Math.min(...logEquity.slice(index)) - value);
  return -Math.expm1(Math.min(...falls));
}

/** The single figures, through logarithms: sums where the backtest has products. */
function expectedFigures({ dates, units, positions }: Measured) {
  const logs = units.map(Math.log);
  const logReturns = logs.slice(1).map((value, index) => at(positions, index) * (value - at(logs, index)));
  const logEquity = prefixSums(logReturns);
  const logTotal = at(logEquity, logReturns.length);
  return {
    first_date: at(dates, 0),
    last_date: at(dates, dates.length - 1),
    observations: dates.length,
    total_return: Math.expm1(logTotal),
    annual_return: Math.expm1((logTotal * 252) / logReturns.length),
    sharpe_ratio: expectedSharpe(logReturns.map(Math.expm1)),
    maximum_drawdown: expectedDrawdown(logEquity),
    buy_and_hold_return: at(units, units.length - 1) / at(units, 0) - 1,
  };
}

/** Expects every number to nine decimals, everything else exactly. */
function closeAll(values: object) {
  const close = (value: unknown) => (typeof value === "number" ? expect.closeTo(value, 9) : value);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, close(value)]));
}

const directory = await mkdtemp(join(tmpdir(), "crossover-"));
afterAll(() => rm(directory, { recursive: true }));

/** Writes a rates file and returns its path. */
async function ratesFile(name: string, lines: readonly string[]): Promise<string> {
  const path = join(directory, `${name}.csv`);
  await writeFile(path, lines.join("\n"));
  return path;
}

/** A rates file of one symbol, a fixing a day in January. */
function smallFile(name: string, rates: readonly (number | string)[]): Promise<string> {
  return ratesFile(name, ["date,EURUSD", ...rates.map((rate, index) => `2024-01-0${index + 1},${rate}`)]);
}

describe.each([
  { symbol: "EURUSD", fast: 20, slow: 100 },
  { symbol: "EURJPY", fast: 50, slow: 200 },
  { symbol: "EURCHF", fast: 1, slow: 13 },
])("$symbol $fast/$slow", ({ symbol, fast, slow }) => {
  test("has the figures an independent computation finds", async () => {
    const measured = measure(symbol, fast, slow);
    const result = await backtest({ symbol, fast, slow });
    expect(result).toMatchObject({ symbol, fast, slow, ...closeAll(expectedFigures(measured)) });
    expect(result.trade_list).toEqual(expectedTrades(measured).map(closeAll));
    expect(result.trades).toBe(result.trade_list.length);
    const compounded = result.trade_list.reduce((worth, trade) => worth * (1 + trade.return), 1) - 1;
    expect(compounded).toBeCloseTo(result.total_return, 9);
  });

  test("never looks ahead: fixings still to come change no closed trade", async () => {
    const whole = await backtest({ symbol, fast, slow });
    for (const count of [1500, 4321]) {
      const lines = ratesText.split("\n").slice(0, count + 1);
      const csv_path = await ratesFile(`${symbol}-${count}`, lines);
      const lastDate = at(lines, count).slice(0, 10);
      const { trade_list } = await backtest({ symbol, fast, slow, csv_path });
      const closed = whole.trade_list.filter((trade) => trade.exit_date <= lastDate && !trade.open);
      expect(closed).not.toEqual([]);
      expect(trade_list.filter((trade) => !trade.open)).toEqual(closed);
    }
  });
});

test("a jump is not earned by the signal it gives", async () => {
  const csv_path = await smallFile("jump", [1, 1, 1, 2, 3, 1.5, 1.5, 2]);
  const result = await backtest({ fast: 1, slow: 2, csv_path });
  // Long from the fixing of 2 to that of 1.5: it misses both rises to 2, and takes the fall from 3.
  expect(result.trade_list).toMatchObject([
    { entry_date: "2024-01-04", entry_price: 2, exit_date: "2024-01-06", exit_price: 1.5, return: -0.25 },
  ]);
  expect(result).toMatchObject({ total_return: -0.25, maximum_drawdown: 0.5, buy_and_hold_return: 1 });
});

test("costs are paid at each entry and each exit, but not for an exit still to come", async () => {
  const csv_path = await smallFile("costs", [1, 1, 2, 4, 3, 4, 5]);
  const result = await backtest({ fast: 1, slow: 2, cost_bps: 100, csv_path });
  expect(result.trade_list.map((trade) => [trade.return, trade.open])).toEqual([
    [expect.closeTo(1.5 * 0.99 ** 2 - 1, 12), false],
    [expect.closeTo(1.25 * 0.99 - 1, 12), true],
  ]);
  expect(result.total_return).toBeCloseTo(1.5 * 1.25 * 0.99 ** 3 - 1, 12);
});

test("days without a fixing are left out", async () => {
  const cells = ["1,1", "2,", "3,2", "4,N/A", "5,  ", "6", "7,1", "8,3", "9,2"];
  const lines = ["date,EURUSD", ...cells.map((cell) => `2024-01-0${cell}`)];
  const gaps = await ratesFile("gaps", lines);
  const filled = await ratesFile(
    "filled",
    lines.filter((line) => /,(\d|EURUSD)$/.test(line)),
  );
  const result = await backtest({ fast: 1, slow: 2, csv_path: filled });
  expect(await backtest({ fast: 1, slow: 2, csv_path: gaps })).toEqual({ ...result, observations: 4 });
});

test("a strategy that never trades has no Sharpe ratio", async () => {
  const csv_path = await smallFile("flat", [0.1, 0.1, 0.1, 0.1, 0.1]);
  const result = await backtest({ fast: 2, slow: 3, csv_path });
  expect(result).toMatchObject({ trades: 0, total_return: 0, sharpe_ratio: null, maximum_drawdown: 0 });
});

test("tells its story line by line: what was loaded, each year, the finish", async () => {
  const lines = (await python({})).stdout.slice(0, -1);
  expect(lines[0]).toBe("loaded 6983 EURUSD fixings, 1999-01-04 to 2026-04-13 (European Central Bank)");
  const years = lines.slice(2, -1).map((line) => line.split(":")[0]);
  expect(years).toEqual(Array.from({ length: 28 }, (_, index) => String(1999 + index)));
  expect(lines.at(-1)).toMatch(/^finished: \d+ trades, total return \+/);
});

const unordered = await smallFile("unordered", ["1\n2023-12-31,2"]);
const blank = "the rate of 2024-01-02 must be a positive number or blank, not";
const whole = "must be a positive whole number of fixings, not";
test.each([
  ["unknown symbol 'EURXXX'; allowed are EURUSD, EURJPY, EURGBP, EURCHF", { symbol: "EURXXX" }],
  ["fast must be less than slow, but fast is 100 and slow is 100", { fast: 100 }],
  [`fast ${whole} 0`, { fast: 0 }],
  [`slow ${whole} -5`, { slow: -5 }],
  [`slow ${whole} '100'`, { slow: "100" }],
  [`fast ${whole} True`, { fast: true }],
  ["EURUSD has 6983 fixings, but slow = 6982 needs at least 6984", { slow: 6982 }],
  ["cost_bps must be a number from 0 to below 10000, not -1", { cost_bps: -1 }],
  ["pace_seconds must be a number of seconds, 0 or more, not -1", { pace_seconds: -1 }],
  [`${blank} 'two'`, { csv_path: await smallFile("word", [1, "two"]) }],
  [`${blank} '-2'`, { csv_path: await smallFile("negative", [1, -2]) }],
  ["dates must rise from row to row, but 2023-12-31 follows 2024-01-01", { csv_path: unordered }],
])("refuses bad input: %s", async (message, parameters) => {
  const { stderr, exitCode } = await python(parameters);
  expect({ exitCode, reason: stderr.at(-1) }).toEqual({ exitCode: 1, reason: `ValueError: ${message}` });
});
