import type { Config } from "../config/config.ts";
import type { Ledger } from "./ledger.ts";

/** What the server was told to keep; undefined for no bound. */
export type Rules = Pick<Config, "keepDays" | "keepRuns" | "keepBytes">;

const microsecondsPerDay = 86_400_000_000;

export function hasRules({ keepDays, keepRuns, keepBytes }: Rules): boolean {
  return [keepDays, keepRuns, keepBytes].some((rule) => rule !== undefined);
}

/** Of some rules, the one that looks at each run alone. */
export function rulesOfEach({ keepDays }: Rules): Rules {
  return { keepDays, keepRuns: undefined, keepBytes: undefined };
}

/** Of some rules, those that look at all the runs there are. */
export function rulesOfAll(rules: Rules): Rules {
  return { ...rules, keepDays: undefined };
}

/**
 * The rule by which the oldest run of a ledger has to go, as it was set; undefined when it may stay. The bytes of the
 * newest run send nobody away: what has just ended stays, however large.
 * @param now in microseconds since 1970
 */
export function ruleAgainstOldest(rules: Rules, ledger: Ledger, now: number): string | undefined {
  const { keepDays = Infinity, keepRuns = Infinity, keepBytes = Infinity } = rules;
  const { oldest } = ledger;
  if (oldest === undefined) return undefined;
  if (now >= dueAt(keepDays, oldest.ended)) return `QUANT_RUNS_KEEP_DAYS=${keepDays}`;
  if (ledger.count > keepRuns) return `QUANT_RUNS_KEEP_RUNS=${keepRuns}`;
  if (ledger.bytes > keepBytes && ledger.count > 1) return `QUANT_RUNS_KEEP_BYTES=${keepBytes}`;
  return undefined;
}

/** Milliseconds until the oldest run is too old; infinite without a run or a rule of age. */
export function untilDue({ keepDays = Infinity }: Rules, { oldest }: Ledger, now: number): number {
  return oldest === undefined ? Infinity : (dueAt(keepDays, oldest.ended) - now) / 1000;
}

function dueAt(keepDays: number, ended: number): number {
  return ended + keepDays * microsecondsPerDay;
}
