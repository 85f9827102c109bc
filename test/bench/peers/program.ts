import { execa } from "execa";
import { undoAtEnd } from "../machine/at-end.ts";
import { temporaryFolder } from "../machine/folders.ts";
import { environment } from "../machine/run.ts";

/** A program that runs, in a folder of its own, until it is disposed of. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  /** Rejects should it end by itself. */
  readonly ended: Promise<never>;
}

export function startProgram(
  file: string,
  args: readonly string[],
  variables: Record<string, string> = {},
): Program {
  const subprocess = execa(file, args, {
    cwd: temporaryFolder().path,
    env: environment(variables),
    extendEnv: false,
    stdio: ["ignore", "ignore", "inherit"],
    reject: false,
    forceKillAfterDelay: 3000,
  });
  const ending = undoAtEnd(async () => {
    subprocess.kill("SIGTERM");
    await subprocess;
  });
  const ended = subprocess.then((): never => {
    throw new Error(`${[file, ...args].join(" ")} ended`);
  });
  ended.catch(() => undefined); // nobody may be waiting by then
  return { pid: Number(subprocess.pid), ended, ...ending };
}
