import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { resolvePython } from "../../../src/runtimes/python.ts";
import { install, ownPython } from "../peers/install.ts";
import { home } from "./folders.ts";

/** The interpreter of all Python jobs, with pandas: the one that is set, the repository's own, or one that gets pandas. */
export async function interpreterWithPandas(): Promise<string> {
  const own = join(home, ".venv", "bin", "python");
  const wanted = process.env.QUANT_RUNS_PYTHON ?? (existsSync(own) ? own : "python3");
  const python = await resolvePython(wanted);
  const asked = await execa(python, ["-c", "import numpy, pandas"], { reject: false });
  if (!asked.failed) return python;
  await install(python, ["numpy", "pandas"]);
  return ownPython;
}
