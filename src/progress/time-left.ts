import { clock, secondsOf } from "./amounts.ts";

const clocks = new RegExp(String.raw`(?<![\d:])${clock}|-+(?::-+)+`, "g");

/** Where a clock tells the time gone: it is called that, or stands where half of what tqdm prints ends. */
const timeGone = /elapsed|time|\[\d+:/i;

/** Seconds left by what stands after a bar: told by name, or by a clock beside which another may tell the time gone. */
export function remainingIn(text: string, fraction: number): number | undefined {
  const named = /(?:\beta\b|~)[:\s]*(.*)/i.exec(text)?.[1];
  if (named !== undefined) return secondsOf(named);
  if (timeGone.test(text)) return undefined;
  const first = /^ *\d+s\b/.exec(text)?.[0].trim();
  if (first !== undefined) return secondsOf(first);
  const [one, other = one] = [...text.matchAll(clocks)].map(([time]) => secondsOf(time));
  if (one === undefined || other === undefined) return undefined;
  return fraction < 0.5 ? Math.max(one, other) : Math.min(one, other); // in the first half more is left than gone
}
