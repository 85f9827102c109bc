import { z } from "zod";
import type { Progress } from "../jobs/progress.ts";
import { type Findings, plainLine, progressOf } from "./progress-of.ts";

/** A sum of fractions may come out a little above 1. */
const highestFraction = 1 + 1e-6;

const fraction = z.number().min(0).max(highestFraction);
const amount = z.number().nonnegative();

/** What a job may say; a member that makes no sense counts as not said. */
const Said = z.object({
  fraction: fraction.optional().catch(undefined),
  current: amount.optional().catch(undefined),
  total: amount.positive().optional().catch(undefined),
  rate: amount.optional().catch(undefined),
  eta_seconds: amount.optional().catch(undefined),
  text: z.string().transform(lineOrNothing).optional().catch(undefined),
});

type Said = z.infer<typeof Said>;

/** Reads a line that a job wrote of its progress: a JSON object, or a number that is the fraction. */
export function parseProgressLine(line: string, elapsedSeconds: number | null): Progress | undefined {
  const value = parsed(line);
  const { data } = Said.safeParse(typeof value === "number" ? { fraction: value } : value);
  if (data === undefined || Object.values(data).every((member) => member === undefined)) return undefined;
  return progressOf(completed(data, Number(elapsedSeconds)));
}

function lineOrNothing(text: string): string | undefined {
  return plainLine(text) || undefined;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(withoutNaN(line));
  } catch {
    return undefined; // half a line, or none of ours
  }
}

/** NaN and Infinity are no JSON, yet Python writes them. */
function withoutNaN(line: string): string {
  return line.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|-?\b(?:NaN|Infinity)\b/g, (token) =>
    token.startsWith('"') ? token : "null",
  );
}

/** What follows from what was said and from the time since the start; what does not follow is no finite number. */
function completed(said: Said, secondsSinceStart: number): Findings {
  const { current = Number.NaN, total = Number.NaN } = said;
  const elapsed = secondsSinceStart > 0 ? secondsSinceStart : Number.NaN;
  const fraction = Math.min(said.fraction ?? current / total, 1);
  const rate = said.rate ?? current / elapsed;
  const left = [Math.max(total - current, 0) / rate, (elapsed * (1 - fraction)) / fraction];
  return { ...said, fraction, rate, eta_seconds: said.eta_seconds ?? left.find(Number.isFinite) };
}
