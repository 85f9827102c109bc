import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { home } from "./server.ts";

export const readme = await readFile(join(home, "README.md"), "utf8");

/** A fenced code block. */
export interface Block {
  readonly language: string;
  readonly lines: readonly string[];
  /** Where it begins, counted from 1. */
  readonly line: number;
}

const fenced = /^```(.*)\n([\s\S]*?)^```$/gm;

/** A text without its code blocks. */
export function withoutBlocks(text: string): string {
  return text.replaceAll(fenced, "");
}

export const prose = withoutBlocks(readme);

export const blocks: readonly Block[] = [...readme.matchAll(fenced)].map((found) => ({
  language: String(found[1]),
  lines: String(found[2]).trimEnd().split("\n"),
  line: readme.slice(0, found.index).split("\n").length,
}));

/** The name that a module's block begins with; undefined for a program. */
export function moduleName({ language, lines }: Block): string | undefined {
  return language === "python" ? /^# (\w+\.py)$/.exec(String(lines[0]))?.[1] : undefined;
}

/** Saves every module of the README in a folder, as its readers would. */
export async function saveModules(folder: string): Promise<void> {
  for (const block of blocks) {
    const name = moduleName(block);
    if (name !== undefined) await writeFile(join(folder, name), `${block.lines.join("\n")}\n`);
  }
}

/** A command or a program, and the lines that the README says it prints: those that stand behind it as comments. */
export interface Step {
  readonly command: string;
  readonly printed: readonly string[];
}

export function stepsOf({ lines }: Block, comment: "#" | "//"): Step[] {
  const steps: { command: string[]; printed: string[] }[] = [];
  for (const line of lines) {
    const step = steps.at(-1);
    if (line.startsWith(`${comment} `)) step?.printed.push(line.slice(comment.length + 1));
    else if (step === undefined || step.printed.length > 0) steps.push({ command: [line], printed: [] });
    else step.command.push(line);
  }
  return steps.map(({ command, printed }) => ({ command: command.join("\n"), printed }));
}

/** Commands of a shell block one by one: a line that does not end in a backslash ends a command. */
export function shellStepsOf(block: Block): Step[] {
  return stepsOf(block, "#").flatMap(({ command, printed }) => {
    const commands = command.split(/(?<!\\)\n/);
    return commands.map((each, index) => ({
      command: each,
      printed: index === commands.length - 1 ? printed : [],
    }));
  });
}

/** Expects that a program printed what the README shows: JSON value by value, other text line by line. */
export function expectPrinted(printed: readonly string[], real: string): void {
  const documented = jsonOf(printed.join(""));
  if (documented === undefined) expectLines(printed, real.trimEnd().split("\n"));
  else
    expect(JSON.stringify(masked(jsonOf(real)), null, 2)).toBe(JSON.stringify(masked(documented), null, 2));
}

/** A line of three dots stands for any number of lines. */
function expectLines(printed: readonly string[], real: readonly string[]): void {
  const shown = `\n${real.map(maskedText).join("\n")}\n`;
  const [all = "", ...others] = `\n${printed.map(maskedText).join("\n")}\n`.split("\n...\n");
  if (others.length === 0) expect(shown).toBe(all);
  for (const part of [all, ...others]) expect(shown).toContain(part);
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // text of some other kind
  }
}

/** Numbers that differ from run to run. */
const measures = new Set(["cpu_seconds", "memory_bytes", "peak_memory_bytes", "rate", "eta_seconds"]);

function masked(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (name, each) => {
    if (typeof each === "number" && measures.has(name)) return 9;
    return typeof each === "string" ? maskedText(each) : each;
  });
}

/** Text without what differs from run to run and machine to machine; the form of a time stays. */
export function maskedText(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)/g, (time) => time.replaceAll(/\d/g, "9"))
    .replaceAll(/\d+\.\d s\b/g, "9.9 s")
    .replaceAll(/(127\.0\.0\.1):\d+/g, "$1:9999")
    .replaceAll(/\/\S*(?=\/(\.quant_runs\b|bin\/quant-runs\b|\w+\.py"))/g, "")
    .replaceAll(/"(cpu_seconds|memory_bytes|rate|eta_seconds)":[\d.e-]+/g, '"$1":9')
    .replaceAll(/thread 0x[0-9a-f]+( \[.*?\])?/g, "thread 0x9999")
    .replaceAll(/\/\S*\/python[\d.]*(?="|$)/g, "/python");
}

/** The text of a section, from its heading to the next of any level. */
export function section(heading: string): string {
  const [, text] = readme.split(`\n## ${heading}\n`);
  if (text === undefined) throw new Error(`the README has no section '${heading}'`);
  return String(text.split(/^## /m)[0]);
}

/** The rows of the one table with this head, each a list of cells. */
export function table(...head: readonly string[]): string[][] {
  const start = readme.indexOf(`\n| ${head.join(" | ")} |\n`);
  if (start === -1) throw new Error(`the README has no table with the head ${head.join(", ")}`);
  const [text = ""] = readme.slice(start + 1).split("\n\n");
  const rows = text.split("\n").slice(2);
  return rows.map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What stands between backticks in a text. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map((found) => String(found[1]));
}

/** A cell without its backticks. */
export function bare(cell: string | undefined): string {
  return String(cell).replaceAll("`", "");
}
