import { type Figure, type Found, figures } from "../figures.ts";
import { type Cells, cellsOf } from "./cells.ts";

const head: Cells = { measure: "measure", must: "must", aim: "aim", measured: "measured", holds: "holds" };
const columns = ["measure", "must", "aim", "measured", "holds"] as const;

/** What was found, for a terminal: one line a figure, and a line with what explains it. */
export function terminalTable(found: Found): string {
  const rows = rowsOf(found);
  const all = [head, ...rows.map(({ cells }) => cells)];
  const widths = columns.map((column) => Math.max(...all.map((cells) => cells[column].length)));
  const line = (cells: Cells) =>
    columns
      .map((column, at) => cells[column].padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  const lines = rows.flatMap(({ cells, note }) => [line(cells), ...(note ? [`    ${note}`] : [])]);
  return `${[line(head), ...lines].join("\n")}\n`;
}

function rowsOf(found: Found): { cells: Cells; note: string }[] {
  return (Object.entries(figures) as [keyof typeof figures, Figure][])
    .filter(([name]) => found[name] !== undefined)
    .map(([name, figure]) => ({ cells: cellsOf(figure, found[name]), note: found[name]?.note ?? "" }));
}
