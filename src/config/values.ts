import { InvalidArgumentError } from "commander";
import { isEntrypointPattern, isNamePattern } from "../access/pattern.ts";
import { entrypointForm, isEntrypoint, isModule } from "../jobs/entrypoint.ts";
import { Limits } from "../jobs/limits.ts";

// How the text of each kind of setting becomes its value. Each of these throws InvalidArgumentError, whose message says
// what the value must be.

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** A decimal number above 0. */
export function positiveNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= most) return value;
    throw new InvalidArgumentError(`It must be a number above 0, up to ${most}.`);
  };
}

/** A number that a limit of a job takes. */
export function limit(name: keyof typeof Limits.shape): (text: string) => number {
  return (text) => {
    const value = Limits.shape[name].safeParse(text.trim() === "" ? text : Number(text));
    if (typeof value.data === "number") return value.data;
    const reason = value.error?.issues[0]?.message ?? "it is none";
    throw new InvalidArgumentError(`It must be a number that '${name}' takes: ${reason}.`);
  };
}

export function yesOrNo(text: string): boolean {
  if (["1", "true", "yes"].includes(text)) return true;
  if (["0", "false", "no"].includes(text)) return false;
  throw new InvalidArgumentError("It must be yes or no.");
}

/** An empty flag is a variable that was not set in somebody's script: an empty host would mean every address. */
export function nonEmpty(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("It must not be empty.");
}

export function entrypoint(text: string): string {
  if (isEntrypoint(text)) return text;
  throw new InvalidArgumentError(`It must have the form ${entrypointForm}.`);
}

/** Items between commas, each of which must pass. */
function listOf(isItem: (text: string) => boolean, form: string): (text: string) => readonly string[] {
  return (text) => {
    const items = text.split(",").map((item) => item.trim());
    const wrong = items.find((item) => !isItem(item));
    if (wrong === undefined) return items;
    throw new InvalidArgumentError(`'${wrong}' must be ${form}.`);
  };
}

export const entrypointPatterns = listOf(
  isEntrypointPattern,
  "an entrypoint in which * stands for any characters, such as 'strategies.*:run'",
);

export const namePatterns = listOf(
  isNamePattern,
  "the name of an environment variable, in which * stands for any characters, such as 'MODEL_*'",
);

export const hosts = listOf(
  (text) => /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(text),
  "the name of a host, with its port where only that one counts, such as 'jobs.example.com'",
);

export const origins = listOf(
  (text) => /^https?:\/\/[^/?#,\s]+$/.test(text) && URL.parse(text)?.origin === text,
  "an origin, such as 'https://desk.example.com'",
);

export const paths = listOf((text) => text.startsWith("/"), "an absolute path");

export const modules = listOf(isModule, "the name of a module, such as 'numpy'");
