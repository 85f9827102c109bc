import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { z } from "zod";
import { StartError } from "../errors.ts";
import type { Runtime } from "./runtime.ts";

export const python: Runtime = {
  name: "python",
  environment: (interpreters) => ({ QUANT_RUNS_PYTHON: interpreters.python }),
};

const oldest = [3, 9] as const;
const Interpreter = z.object({ executable: z.string().min(1), version: z.tuple([z.int(), z.int()]) });
const shims = fileURLToPath(new URL("../../bin/shims", import.meta.url));

/** Once it has answered, it imports the shim: that writes its bytecode where it may, which spares each job to make it. */
const question = `
import json, sys
print(json.dumps({"executable": sys.executable, "version": sys.version_info[:2]}), flush=True)
sys.path.insert(0, sys.argv[1])
try:
    import quant_runs_shim.program, quant_runs_shim.cold, quant_runs_shim.template, quant_runs_shim.leaving
except Exception:
    pass
`;

/** The interpreter to ask for when none was named: the active virtual environment's, the project's, the system's. */
export function defaultPython(environment: NodeJS.ProcessEnv, directory: string): string {
  const folders = [environment.VIRTUAL_ENV, join(directory, ".venv")];
  const candidates = folders.flatMap((folder) => (folder ? [join(folder, "bin", "python")] : []));
  return candidates.find((path) => existsSync(path)) ?? "python3";
}

/**
 * The real interpreter behind a name, asked for once: a version manager's wrapper would cost each job 100 ms.
 * @throws StartError when there is none, or one older than Python 3.9
 */
export async function resolvePython(name: string): Promise<string> {
  const asked = await execa(name, ["-I", "-c", question, shims], {
    reject: false,
    stdin: "ignore",
    timeout: 30_000,
  });
  const answer = Interpreter.safeParse(parsed(asked.stdout));
  if (asked.failed || !answer.success) {
    throw new StartError(
      `the Python interpreter '${name}' cannot be run: set QUANT_RUNS_PYTHON or --python to one that can`,
    );
  }
  const { executable, version } = answer.data;
  if (version[0] < oldest[0] || (version[0] === oldest[0] && version[1] < oldest[1])) {
    throw new StartError(
      `'${name}' is Python ${version.join(".")}: QUANT_RUNS_PYTHON or --python must name 3.9 or later`,
    );
  }
  return executable;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not an interpreter's answer, which the caller reports
  }
}
