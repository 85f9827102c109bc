import type { Comparison } from "../measures/measurement.ts";
import { shown } from "./cells.ts";
import type { Report } from "./report.ts";

/** All lengths in pixels. */
const size = {
  width: 820,
  margin: 28,
  names: 160,
  values: 90,
  row: 30,
  bar: 18,
  title: 44,
  gap: 22,
} as const;

interface Panel {
  readonly title: string;
  readonly bars: readonly {
    readonly comparison: Comparison;
    readonly value: number;
    readonly unit: string;
  }[];
}

/** The comparison as a picture: jobs a second, and how soon a job begins; for light and dark pages alike. */
export function svgText({ facts, quick, comparisons }: Report): string {
  const drawn = panels(comparisons);
  const parts: string[] = [];
  let top: number = size.margin;
  for (const panel of drawn) {
    parts.push(panelAt(panel, top));
    top += size.title + panel.bars.length * size.row + size.gap;
  }
  parts.push(legendAt(top));
  const where = `${facts.processors} processors (${facts.processor}), ${facts.kernel}, Node ${facts.node.slice(1)}, Python ${facts.python}`;
  parts.push(text(size.margin, top + 36, "note", quick ? `${where}; a short trial` : where));
  return page(top + 36 + size.margin - 8, parts);
}

function panels(comparisons: readonly Comparison[]): Panel[] {
  const barsOf = (name: "jobs_per_second" | "milliseconds_to_callable", unit: string) =>
    comparisons.flatMap((comparison) => {
      const value = comparison[name];
      return value === undefined ? [] : [{ comparison, value, unit }];
    });
  return [
    {
      title: "No-op Python jobs a second, two at a time: more is better",
      bars: barsOf("jobs_per_second", "/s"),
    },
    {
      title: "From the request to the first line of the callable: less is better",
      bars: barsOf("milliseconds_to_callable", " ms"),
    },
  ].filter(({ bars }) => bars.length > 0);
}

function panelAt({ title, bars }: Panel, top: number): string {
  const most = Math.max(...bars.map(({ value }) => value));
  const room = size.width - 2 * size.margin - size.names - size.values;
  const rows = bars.map(({ comparison, value, unit }, index) => {
    const y = top + size.title + index * size.row;
    const x = size.margin + size.names;
    const width = Math.max(2, (value / most) * room);
    const style = comparison.isolates ? comparison.kind : "shared";
    const kind = comparison.kind === "ours" ? "name own" : "name";
    return [
      text(x - 12, y + 14, kind, comparison.name, "end"),
      `<rect class="${style}" x="${x}" y="${y}" width="${width.toFixed(1)}" height="${size.bar}" rx="3"/>`,
      text(x + width + 8, y + 14, "value", shown(Math.round(value * 10) / 10) + unit),
    ].join("\n");
  });
  return [text(size.margin, top + 18, "title", title), ...rows].join("\n");
}

function legendAt(top: number): string {
  const entries = [
    ["ours", 0, "quant-runs: a process for each job"],
    ["peer", 235, "peer: a process for each job"],
    ["shared", 435, "peer: jobs share processes"],
    ["limit", 625, "no server at all"],
  ] as const;
  const marks = entries.map(([style, left, words]) => {
    const x = size.margin + left;
    const mark = `<rect class="${style}" x="${x}" y="${top}" width="12" height="12" rx="2"/>`;
    return [mark, text(x + 18, top + 10.5, "note", words)].join("\n");
  });
  return marks.join("\n");
}

function text(x: number, y: number, style: string, words: string, anchor: "start" | "end" = "start"): string {
  const at = `x="${x.toFixed(1)}" y="${y.toFixed(1)}"`;
  return `<text class="${style}" ${at} text-anchor="${anchor}">${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A card of its own colour, so that it can be read on a page whose colours are not those the reader's system prefers. */
function page(height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" width="${size.width}" height="${height}" role="img" aria-label="Jobs a second and time to the callable, compared">
<style>
  svg { --card: #ffffff; --line: #d0d7de; --ink: #1f2328; --faint: #59636e; --ours: #0969da; --peer: #8c959f; --limit: #d8dee4; }
  @media (prefers-color-scheme: dark) {
    svg { --card: #0d1117; --line: #3d444d; --ink: #e6edf3; --faint: #9198a1; --ours: #4493f8; --peer: #7d8590; --limit: #343b44; }
  }
  text { font-family: -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; font-size: 13px; fill: var(--ink); }
  .title { font-size: 15px; font-weight: 600; }
  .own { font-weight: 600; }
  .note { font-size: 12px; fill: var(--faint); }
  .ours { fill: var(--ours); }
  .peer { fill: var(--peer); }
  .limit { fill: var(--limit); }
  .shared { fill: url(#stripes); stroke: var(--peer); }
  .stripe { stroke: var(--peer); stroke-width: 3; }
  .card { fill: var(--card); stroke: var(--line); }
</style>
<defs><pattern id="stripes" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="stripe" x1="0" y1="0" x2="0" y2="7"/></pattern></defs>
<rect class="card" x="0.5" y="0.5" width="${size.width - 1}" height="${height - 1}" rx="8"/>
${parts.join("\n")}
</svg>
`;
}
