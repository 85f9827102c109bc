import { readFile, writeFile } from "node:fs/promises";
import { type Found, figureNames, figures } from "../figures.ts";
import type { Facts } from "../machine/facts.ts";
import { cellsOf } from "./cells.ts";
import type { Report } from "./report.ts";

/** Between these two lines of the README stands what a run has found. */
export const markers = { begin: "<!-- figures: npm run bench -->", end: "<!-- end of figures -->" } as const;

/** The table of the figures, what they were measured on and what stands behind each, as the README has them. */
export function markdownOf({ facts, quick, found }: Report): string {
  const trial = quick ? " A short trial with smaller counts: not the figures, only their form." : "";
  return [
    `Measured on ${placeOf(facts)}.${trial}`,
    "",
    "| figure | must | aim | measured | holds |",
    "|---|---|---|---|---|",
    ...rowsOf(found),
    "",
    "<details>",
    "<summary>What stands behind each figure</summary>",
    "", // without it, what follows would be no list
    ...notesOf(found),
    "",
    "</details>",
  ].join("\n");
}

function placeOf({ processors, processor, memory_gigabytes, kernel, node, python, peers }: Facts): string {
  const machine = `${processors} processors (${processor}) with ${memory_gigabytes} GB, ${kernel}`;
  const here = `${machine}, Node ${node.slice(1)}, Python ${python}`;
  if (peers === null) return here;
  return `${here}; against RQ ${peers.rq} and Celery ${peers.celery} with redis-server ${peers.redis_server}`;
}

function rowsOf(found: Found): string[] {
  return figureNames.map((name) => {
    const { measure, must, aim, measured, holds } = cellsOf(figures[name], found[name]);
    return `| ${[measure, must, aim, measured, holds].join(" | ")} |`.replaceAll(/ {2,}/g, " ");
  });
}

function notesOf(found: Found): string[] {
  return figureNames.flatMap((name) => {
    const note = found[name]?.note;
    return note ? [`- *${figures[name].measure}*: ${note}`] : [];
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
