import { mkdir, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import type { Found } from "./figures.ts";
import { undoAll } from "./machine/at-end.ts";
import type { Bench } from "./machine/bench.ts";
import { readFacts } from "./machine/facts.ts";
import { home } from "./machine/folders.ts";
import { interpreterWithPandas } from "./machine/interpreter.ts";
import { measurements } from "./measures/all.ts";
import type { Comparison } from "./measures/measurement.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { updateReadme } from "./output/markdown.ts";
import { jsonText, merged, type Report } from "./output/report.ts";
import { svgText } from "./output/svg.ts";
import { terminalTable } from "./output/table.ts";
import { installPeers } from "./peers/install.ts";

/** Set by a signal: what then fails does so because its servers are taken away. */
let isStopped = false;

// With `once`, execa would take the signal for one that nobody handles, and end this process before it has cleaned up.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    isStopped = true;
    void undoAll().finally(() => process.exit(128 + constants.signals[name]));
  });
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") process.stdout.write(`${usage}\n`);
  else await bench(options);
} catch (error) {
  if (!isStopped) tellFailure(error);
} finally {
  await undoAll();
}

/** Measures what is wanted, then tells it: a table here, JSON and a picture in a folder. */
async function bench(options: Options): Promise<void> {
  const report = await measure(options);
  process.stdout.write(`\n${terminalTable(report.found)}`);
  await mkdir(options.out, { recursive: true });
  await writeFile(join(options.out, "figures.json"), jsonText(report));
  if (report.comparisons.length > 0) await writeFile(join(options.out, "figures.svg"), svgText(report));
  if (options.readme) await updateReadme(join(home, "README.md"), report);
  say(`\nfigures.json and figures.svg are in ${options.out}`);
}

async function measure({ names, quick }: Options): Promise<Report> {
  const python = await interpreterWithPandas();
  const peers = await installPeers(python);
  if ("leftOut" in peers) say(`RQ and Celery take no part: ${peers.leftOut}`);
  const given: Bench = { python, peers, count: (full, few) => (quick ? few : full), say };
  const found: Found = {};
  const comparisons: Comparison[] = [];
  for (const measurement of measurements.filter(({ figures }) =>
    figures.some((name) => names.includes(name)),
  )) {
    say(`\n${measurement.figures.join(", ")}`);
    const result = await measurement.measure(given).catch(tellFailure);
    Object.assign(found, result?.found);
    comparisons.push(...(result?.comparisons ?? []));
  }
  return { facts: await readFacts(python, peers), quick, found, comparisons: merged(comparisons) };
}

/** One measurement that fails costs no other: its figures are told as not measured. */
function tellFailure(error: unknown): undefined {
  if (isStopped) throw error;
  process.exitCode = 1;
  say(`bench: ${error instanceof Error ? (error.stack ?? error.message) : error}`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
