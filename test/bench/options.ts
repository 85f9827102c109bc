import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type FigureName, figureNames } from "./figures.ts";
import { benchFolder } from "./machine/folders.ts";

/** What a run of the harness is asked to do. */
export interface Options {
  /** The figures to measure; all unless some are named. */
  readonly names: readonly FigureName[];
  /** A short trial, with smaller counts and fewer rounds. */
  readonly quick: boolean;
  /** Folder of figures.json and figures.svg. */
  readonly out: string;
  /** Whether the README's table becomes that of this run. */
  readonly readme: boolean;
}

export const usage = `npm run bench -- [--quick] [--out FOLDER] [--readme] [NAME...]

  --quick       a short trial with smaller counts: shows that all works, not how fast it is
  --out FOLDER  where figures.json and figures.svg go (default: test/bench/out; with --readme test/bench)
  --readme      puts the table, what stands behind it and the picture into the README

NAME: ${figureNames.join(", ")}
QUANT_RUNS_PYTHON names the interpreter of all Python jobs.`;

/** @throws Error for an option or a name that is none */
export function readOptions(args: readonly string[]): Options | "help" {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      out: { type: "string" },
      readme: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { quick, readme, out = readme ? benchFolder : `${benchFolder}/out` } = values;
  if (readme && positionals.length > 0)
    throw new Error("the README's table is that of one run: name no figures");
  const names = positionals.length > 0 ? positionals.map(nameOf) : figureNames;
  return { quick, readme, out: resolve(out), names };
}

function nameOf(word: string): FigureName {
  const name = figureNames.find((each) => each === word);
  if (name === undefined)
    throw new Error(`there is no figure '${word}'; there are ${figureNames.join(", ")}`);
  return name;
}
