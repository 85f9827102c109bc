let anchor = Date.now() - performance.now();
let last = 0;

/**
 * The time as the contract writes it: UTC, microseconds, explicit offset, like Python's
 * `datetime.now(timezone.utc).isoformat()`. Strictly increasing within a process, so that it orders jobs.
 */
export function now(): string {
  last = Math.max(last + 1, Math.floor(wallClock() * 1000));
  return timestampOf(last / 1000);
}

/** Milliseconds to the ends of the years 1 to 9999 at least: files may be dated to any time. */
const farthest = 62_000_000_000_000;

/** A moment, in milliseconds since 1970 with a fraction, as the contract writes it. */
export function timestampOf(milliseconds: number): string {
  return timestampAt(Math.round(Math.min(Math.max(milliseconds, -farthest), farthest) * 1000));
}

/** A moment, in whole microseconds since 1970, as the contract writes it. */
export function timestampAt(total: number): string {
  const whole = Math.floor(total / 1000);
  const rest = String(total - whole * 1000).padStart(3, "0");
  return `${new Date(whole).toISOString().slice(0, -1)}${rest}+00:00`;
}

/** Milliseconds since 1970 with a fraction; follows the system's clock when that is set anew. */
function wallClock(): number {
  const drift = Date.now() - (anchor + performance.now());
  if (Math.abs(drift) > 2) anchor += drift;
  return anchor + performance.now();
}

/**
 * Microseconds since 1970 of an ISO 8601 timestamp; one without an offset, as the original wrapper wrote it, is in
 * local time. NaN when it is no timestamp.
 */
export function microseconds(timestamp: string): number {
  const own = ownMicroseconds(timestamp);
  if (own !== undefined) return own;
  const fraction = /\.(\d+)/.exec(timestamp)?.[1] ?? "";
  const belowMilliseconds = Number(fraction.slice(3, 6).padEnd(3, "0"));
  return Date.parse(timestamp) * 1000 + belowMilliseconds;
}

const ownForm = /^[1-9]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{6}\+00:00$/;
const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The same of a timestamp as `timestampAt` writes it, much faster: a start reads hundreds of thousands. Undefined for
 * any other, and for a 29th of February.
 */
export function ownMicroseconds(text: string): number | undefined {
  if (!ownForm.test(text)) return undefined;
  const [month, day, hour] = [pairAt(text, 5), pairAt(text, 8), pairAt(text, 11)];
  if (day < 1 || day > (daysOfMonths[month - 1] ?? 0) || hour > 23) return undefined;
  const year = pairAt(text, 0) * 100 + pairAt(text, 2);
  const seconds = Date.UTC(year, month - 1, day, hour, pairAt(text, 14), pairAt(text, 17));
  return seconds * 1000 + pairAt(text, 20) * 10_000 + pairAt(text, 22) * 100 + pairAt(text, 24);
}

/** The number that two digits of a text make. */
function pairAt(text: string, index: number): number {
  return text.charCodeAt(index) * 10 + text.charCodeAt(index + 1) - 528;
}
