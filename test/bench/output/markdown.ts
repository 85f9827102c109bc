import { readFile, writeFile } from "node:fs/promises";
import { type Found, figureNames, figures } from "../figures.ts";
import { cellsOf } from "./cells.ts";
import type { Report } from "./report.ts";

/** Between these two lines of the README stands what a run has found. */
export const markers = { begin: "<!-- figures: npm run bench -->", end: "<!-- end of figures -->" } as const;

/** The table of the figures and what they were measured on, as the README has them. */
export function markdownOf({ facts, quick, found }: Report): string {
  const { processors, processor, memory_gigabytes, kernel, node, python } = facts;
  const trial = quick ? " A short trial with smaller counts: not the figures, only their form." : "";
  return [
    `Measured on ${processors} processors (${processor}) with ${memory_gigabytes} GB, ${kernel}, Node ${node.slice(1)}, Python ${python}.${trial}`,
    "",
    "| figure | must | aim | measured | holds |",
    "|---|---|---|---|---|",
    ...rowsOf(found),
  ].join("\n");
}

function rowsOf(found: Found): string[] {
  return figureNames.map((name) => {
    const { measure, must, aim, measured, holds } = cellsOf(figures[name], found[name]);
    return `| ${[measure, must, aim, measured, holds].join(" | ")} |`.replaceAll(/ {2,}/g, " ");
  });
}

/** The README's text with the figures of a run in their place. @throws when it has no place for them */
export function withFigures(readme: string, figuresText: string): string {
  const [before, rest] = readme.split(`${markers.begin}\n`);
  const [, after] = rest?.split(markers.end) ?? [];
  if (after === undefined) throw new Error(`the README has no lines '${markers.begin}' and '${markers.end}'`);
  return `${before}${markers.begin}\n${figuresText}\n\n${markers.end}${after}`;
}

export async function updateReadme(path: string, report: Report): Promise<void> {
  await writeFile(path, withFigures(await readFile(path, "utf8"), markdownOf(report)));
}
