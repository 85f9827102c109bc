import { readdir } from "node:fs/promises";
import { relative } from "node:path";
import { z } from "zod";
import { fileNames } from "../runs/run-directory.ts";
import type { SubmittedJob } from "./follow.ts";

const Figures = z.object({
  symbol: z.string(),
  fast: z.int(),
  slow: z.int(),
  first_date: z.string(),
  last_date: z.string(),
  observations: z.int(),
  trades: z.int(),
  total_return: z.number(),
  annual_return: z.number(),
  sharpe_ratio: z.number().nullable(),
  maximum_drawdown: z.number(),
  buy_and_hold_return: z.number(),
  source: z.string(),
});

/** Where `npm start` serves when nothing else is asked for. */
const usualUrl = "http://127.0.0.1:8000";

/** The backtest's result as a table. */
export function resultTable(result: unknown): string {
  const figures = Figures.parse(result);
  const rows = [
    ["Trades", String(figures.trades)],
    ["Return", percent(figures.total_return)],
    ["Return a year", percent(figures.annual_return)],
    ["Sharpe ratio", figures.sharpe_ratio?.toFixed(2) ?? "none"],
    ["Maximum drawdown", percent(-figures.maximum_drawdown)],
    ["Buy and hold", percent(figures.buy_and_hold_return)],
  ];
  return [
    `Result: ${figures.symbol}, long while the ${figures.fast}-day average is above the ${figures.slow}-day`,
    `        ${figures.observations} days, ${figures.first_date} to ${figures.last_date} (${figures.source})`,
    "",
    ...columns(rows, "right"),
  ].join("\n");
}

/** What each file of a run directory tells, in the order in which a reader wants them. */
const meanings: Readonly<Record<keyof typeof fileNames, string>> = {
  job: "what was asked",
  status: "where the job stands, as GET /jobs/{job_id} shows it",
  stdout: "what the callable printed",
  stderr: "its errors and tracebacks",
  progress: "how far it said it was",
  result: "what it returned",
  exit: "how its process ended: exit code, memory, CPU time",
  claim: "which process ran it",
  alive: "held open while it ran",
  cancel: "who asked for its end",
  pinned: "keeps the run from being removed",
};

/** The run directory with its files, and how to go on from here. */
export async function nextSteps({ job_id, directory }: SubmittedJob): Promise<string> {
  const present = new Set(await readdir(directory));
  const names = (Object.keys(meanings) as (keyof typeof fileNames)[]).filter((name) =>
    present.has(fileNames[name]),
  );
  const rows = names.map((name) => [fileNames[name], meanings[name]]);
  const example = JSON.stringify({ parameters: { symbol: "EURJPY", fast: 50, slow: 200 } });
  return [
    "Where to look next",
    "",
    `  ${shownPath(directory)}/`,
    ...columns(rows, "left").map((line) => `  ${line}`),
    "",
    "  Start a server that stays:",
    `    ${startCommand(process.env.QUANT_RUNS_DIR)}`,
    "  then try its API in a browser, or ask it for this job, or for another:",
    `    ${usualUrl}/docs`,
    `    curl ${usualUrl}/jobs/${job_id}`,
    `    curl ${usualUrl}/jobs -H 'Content-Type: application/json' -d '${example}'`,
  ].join("\n");
}

function startCommand(runsDirectory: string | undefined): string {
  const command = "MDPS_ENTRYPOINT=crossover:backtest PYTHONPATH=src/demo npm start";
  return runsDirectory ? `QUANT_RUNS_DIR='${runsDirectory}' ${command}` : command;
}

function shownPath(path: string): string {
  const shorter = relative(process.cwd(), path);
  return shorter.startsWith("..") ? path : shorter;
}

function percent(fraction: number): string {
  const text = `${(fraction * 100).toFixed(2)}%`;
  return fraction > 0 ? `+${text}` : text;
}

/** Rows of two cells, indented and aligned. */
function columns(rows: readonly (readonly string[])[], align: "left" | "right"): string[] {
  const [first, second] = [0, 1].map((cell) => Math.max(...rows.map((row) => row[cell]?.length ?? 0)));
  return rows.map(([name = "", text = ""]) => {
    const padded = align === "right" ? text.padStart(second ?? 0) : text;
    return `  ${name.padEnd(first ?? 0)}  ${padded}`;
  });
}
