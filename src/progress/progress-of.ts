import type { Progress } from "../jobs/progress.ts";

/** What was found out about a job's progress; the rest is not known. */
export type Findings = { readonly [Member in keyof Progress]?: Progress[Member] | undefined };

const longestText = 200;

/** Progress of sound members: what is no finite number, or negative, is not known. */
export function progressOf({ fraction, current, total, rate, eta_seconds, text }: Findings): Progress {
  const share = soundNumber(fraction);
  return {
    fraction: share === null ? null : Math.min(share, 1),
    current: soundNumber(current),
    total: soundNumber(total),
    rate: soundNumber(rate),
    eta_seconds: soundNumber(eta_seconds),
    text: [...(text ?? "")].slice(0, longestText).join("").trimEnd() || null,
  };
}

function soundNumber(value: number | null | undefined): number | null {
  return Number.isFinite(value) && Number(value) >= 0 ? Number(value) : null;
}

/**
 * Colours, cursor movements, links (ECMA-48), even when they are cut off. No part looks beyond the next escape: the time
 * to find them grows with the text, not with its square as that of `stripVTControlCharacters` does.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are made of control characters
const escapeSequences = /\x1B(?:\[[0-?]*[ -/]*[@-~]?|\][^\x07\x1B]*(?:\x07|\x1B\\)?|[ -/]*[0-~])/g;

/** Text without escape sequences and other control characters, on one line. */
export function plainLine(text: string): string {
  return text
    .replaceAll(escapeSequences, "")
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .toWellFormed();
}
