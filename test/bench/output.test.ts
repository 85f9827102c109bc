import { describe, expect, test } from "vitest";
import { table } from "../support/readme.ts";
import { type Found, figureNames, figures } from "./figures.ts";
import { measurements } from "./measures/all.ts";
import type { Comparison } from "./measures/measurement.ts";
import { readOptions } from "./options.ts";
import { cellsOf } from "./output/cells.ts";
import { judge } from "./output/judge.ts";
import { markdownOf, markers, withFigures } from "./output/markdown.ts";
import { jsonText, merged, type Report } from "./output/report.ts";
import { svgText } from "./output/svg.ts";
import { terminalTable } from "./output/table.ts";
import { median, medianRatio, quantile } from "./statistics.ts";

const found: Found = {
  "throughput-cold": { values: [0.95], note: "bare 80/s" },
  "post-queued": { values: [1234.5, 25], note: "" },
  memory: { values: [70, undefined, 99], note: "" },
  power: { values: [0.5, 0.25], note: "" },
};

const comparisons: Comparison[] = [
  { name: "bare", kind: "limit", isolates: true, jobs_per_second: 80 },
  {
    name: "quant-runs, warm",
    kind: "ours",
    isolates: true,
    jobs_per_second: 200,
    milliseconds_to_callable: 4,
  },
  { name: "Celery & <co>", kind: "peer", isolates: false, jobs_per_second: 400 },
];

const facts = {
  processor: "P",
  processors: 2,
  memory_gigabytes: 8,
  kernel: "Linux 6",
  node: "v24.0.0",
  python: "3.11.7",
  peers: { rq: "2.6.1", celery: "5.6.0", redis_server: "7.0.15" },
};
const report: Report = { facts, quick: false, found, comparisons };

test("every row of the README's table is a figure, as it would be written now, and each is measured once", () => {
  const rows = table("figure", "must", "aim", "measured", "holds");
  const asked = figureNames.map((name) => cellsOf(figures[name], undefined));
  expect(rows.map((row) => row.slice(0, 3))).toEqual(
    asked.map(({ measure, must, aim }) => [measure, must, aim]),
  );
  const measured = measurements.flatMap((measurement) => measurement.figures);
  expect(measured.toSorted()).toEqual(figureNames.toSorted());
});

describe("a figure in words", () => {
  test.each([
    ["throughput-cold", "≥ 0.7", "≥ 0.9", "0.95", "yes, and the aim"],
    ["post-queued", "≥ 1,000/s; ≤ 20 ms", "≥ 2,200/s; ≤ 5 ms", "1,235/s; 25 ms", "no"],
    ["memory", "≤ 110; 220; 160 MB", "≤ 75; 130; 100 MB", "70; –; 99 MB", "not measured"],
    ["power", "", "", "0.5; 0.25", ""],
  ] as const)("%s", (name, must, aim, measured, holds) => {
    expect(cellsOf(figures[name], found[name])).toMatchObject({ must, aim, measured, holds });
  });

  test("a limit itself is kept", () => {
    const bound = { relation: "≤", must: 7, aim: 4, unit: " ms" } as const;
    expect([4, 4.1, 7, 7.1, undefined, Number.NaN].map((value) => judge(bound, value))).toEqual([
      ...["aim", "must", "must", "fails", "unknown", "unknown"],
    ]);
  });
});

test("the terminal's table has a line for each figure that was measured, and one for its note", () => {
  const lines = terminalTable(found).trimEnd().split("\n");
  expect(lines[0]).toMatch(/^measure +must +aim +measured +holds$/);
  expect(lines.slice(1).map((line) => line.split(/ {2,}/)[0] || line.trim())).toEqual([
    figures["throughput-cold"].measure,
    "bare 80/s",
    figures["post-queued"].measure,
    figures.memory.measure,
    figures.power.measure,
  ]);
});

test("the JSON has every figure, with bounds, values and verdicts", () => {
  const written = JSON.parse(jsonText(report));
  expect(written.figures.map(({ name }: { name: string }) => name)).toEqual(figureNames);
  expect(written.figures[0].values).toEqual([
    { relation: "≥", must: 0.7, aim: 0.9, unit: "", measured: 0.95, verdict: "aim" },
  ]);
  expect(written).toMatchObject({ facts, quick: false, comparisons });
});

test("the picture draws every contender to scale, and its names as text", () => {
  const picture = svgText(report);
  const widths = [...picture.matchAll(/<rect class="(\w+)" x="\d+" y="\d+" width="([\d.]+)" height="18"/g)];
  expect(widths.map(([, style]) => style)).toEqual(["limit", "ours", "shared", "ours"]);
  const [bare, warm, celery] = widths.map(([, , width]) => Number(width));
  expect([Number(bare) / Number(celery), Number(warm) / Number(celery)]).toEqual([
    expect.closeTo(0.2, 2),
    expect.closeTo(0.5, 2),
  ]);
  expect(picture).toContain("Celery &amp; &lt;co&gt;</text>");
  for (const value of ["80/s", "200/s", "400/s", "4 ms"]) expect(picture).toContain(`>${value}</text>`);
});

test("the README's figures are replaced between their markers, and nothing else", () => {
  const written = withFigures(
    `before\n${markers.begin}\nformer\n${markers.end}\nafter\n`,
    markdownOf(report),
  );
  expect(written).toMatch(/^before\n/);
  expect(written).toMatch(/\nafter\n$/);
  expect(written).toContain(
    `| ${figures["throughput-cold"].measure} | ≥ 0.7 | ≥ 0.9 | 0.95 | yes, and the aim |`,
  );
  expect(written).not.toContain("former");
  expect(withFigures(written, markdownOf(report))).toBe(written);
  expect(withFigures(`${markers.begin}\n${markers.end}\n`, "new")).toBe(
    `${markers.begin}\nnew\n\n${markers.end}\n`,
  );
  expect(() => withFigures("no place", "")).toThrow(markers.begin);
});

describe("what stands beside the README's figures", () => {
  test("says where and against whom they were measured", () => {
    const machine = "Measured on 2 processors (P) with 8 GB, Linux 6, Node 24.0.0, Python 3.11.7";
    expect(markdownOf(report).split("\n")[0]).toBe(
      `${machine}; against RQ 2.6.1 and Celery 5.6.0 with redis-server 7.0.15.`,
    );
    const alone = markdownOf({ ...report, quick: true, facts: { ...facts, peers: null } });
    expect(alone.split("\n")[0]).toBe(
      `${machine}. A short trial with smaller counts: not the figures, only their form.`,
    );
  });

  test("is a list of the notes of all that have one, folded away", () => {
    const more: Found = { ...found, log: { values: [1], note: "5 s against 5 s" } };
    const [, folded = ""] = markdownOf({ ...report, found: more }).split("|\n\n");
    expect(folded.split("\n")).toEqual([
      "<details>",
      "<summary>What stands behind each figure</summary>",
      "",
      `- *${figures["throughput-cold"].measure}*: bare 80/s`,
      `- *${figures.log.measure}*: 5 s against 5 s`,
      "",
      "</details>",
    ]);
  });
});

test("what is seen of one contender by two measurements stands together", () => {
  const rest = { name: "RQ", kind: "peer", isolates: true } as const;
  const one = { ...rest, jobs_per_second: 130 };
  expect(merged([one, { ...rest, milliseconds_to_callable: 9 }])).toEqual([
    { ...one, milliseconds_to_callable: 9 },
  ]);
});

test("ratios are of the same round", () => {
  expect(medianRatio([10, 2, 30], [5, 1, 10])).toBe(2);
  expect(medianRatio([10], undefined)).toBeUndefined();
  expect([median([3, 1, 2]), median([1, 2]), median([]), quantile([0, 10], 0.95)]).toEqual([
    2,
    1.5,
    undefined,
    9.5,
  ]);
});

test("figures are named, and names that are none refused", () => {
  expect(readOptions(["--quick", "log", "start"])).toMatchObject({ quick: true, names: ["log", "start"] });
  expect(readOptions([])).toMatchObject({ quick: false, readme: false, names: figureNames });
  expect(() => readOptions(["speed"])).toThrow("there is no figure 'speed'");
  expect(() => readOptions(["--readme", "log"])).toThrow("name no figures");
});
