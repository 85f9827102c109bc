/** Prefixes of units, each a thousand times the one before. */
const prefixes = "kMGTPEZ";

/** A prefix and what is surely a unit after it: `M`, `kB`, `MiB`, `kit`, `M rows`, but not `Trades`. */
const prefixOfKnownUnit = /^([kKMGTPEZ])(i?)(?:it|B|bytes)?(?: |$)/;

/** A prefix before any unit: `krow`. Later prefixes are no more likely there than units that begin with their letters. */
const prefixOfAnyUnit = /^([kMG])()/;

/** A number with its unit, `1.20` and `M`, in units without prefix; `isScaled` when the bar is known to use prefixes. */
export function amountOf(digits: string, unit = "", isScaled = false): number {
  const found = prefixOfKnownUnit.exec(unit) ?? (isScaled ? prefixOfAnyUnit.exec(unit) : null);
  if (found === null) return Number(digits);
  const [, prefix = "", binary] = found;
  const power = prefixes.indexOf(prefix === "K" ? "k" : prefix) + 1;
  return binary ? Math.round(Number(digits) * 1024 ** power) : Number(`${digits}e${3 * power}`);
}

/** Units per second of `4.39it/s`, `1.10 MB/s`, or the other way round: `2.50s/it`, `40ms/step`. */
export function rateOf(text: string, isScaled = false): number | undefined {
  const perSecond = /^(\d+(?:\.\d+)?) ?([^/]*)\/s(?:ec)?$/.exec(text);
  if (perSecond !== null) return amountOf(perSecond[1] ?? "", perSecond[2], isScaled);
  const perUnit = /^(\d+(?:\.\d+)?)([kM]?)(us|µs|ms|s|min)\//.exec(text);
  if (perUnit === null) return undefined;
  return 1 / (amountOf(perUnit[1] ?? "", perUnit[2]) * Number(secondsPer[perUnit[3] ?? ""]));
}

const secondsPer: Readonly<Record<string, number>> = {
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400,
};

/** A clock time: `00:12`, `1:02:03`, `1 day, 2:03:04`. */
export const clock = String.raw`(?:\d+ days?, )?\d+(?::\d\d){1,2}(?![\d:])`;

const clockTime = new RegExp(`^${clock}`);

/** Seconds of the duration that the text begins with: a clock time, or `1h 2m 3s`; undefined when it is none. */
export function secondsOf(text: string): number | undefined {
  const time = clockTime.exec(text)?.[0];
  if (time !== undefined) return clockSeconds(time);
  const spelled = /^(?:\d+(?:\.\d+)?[dhms] ?)+/.exec(text)?.[0];
  if (spelled === undefined) return undefined;
  const parts = [...spelled.matchAll(/([\d.]+)([dhms])/g)];
  return parts.reduce((sum, [, digits, unit = ""]) => sum + Number(digits) * Number(secondsPer[unit]), 0);
}

function clockSeconds(time: string): number {
  const [, days = "0", ofDay = time] = /^(\d+) days?, (.*)$/.exec(time) ?? [];
  const seconds = ofDay.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Number(days) * Number(secondsPer.d) + seconds;
}
