import { join } from "node:path";
import { benchFolder, temporaryFolder } from "../machine/folders.ts";
import { run } from "../machine/run.ts";
import type { Contender } from "./contender.ts";

const script = (name: string) => join(benchFolder, "contenders", name);

/** An interpreter for each job, started by nobody but xargs(1): what there is to be had without a server. */
export async function startBare(python: string): Promise<Contender> {
  return inFolders(async (folder, count) => {
    const directories = Array.from({ length: count }, (_, number) => join(folder, String(number)));
    const asked = performance.now();
    await run("xargs", ["-P2", "-n1", python, script("call.py"), "noop"], { input: directories.join("\n") });
    return (performance.now() - asked) / 1000;
  });
}

/** One loaded interpreter that forks for each job: the limit of all warm starts. */
export async function startBareFork(python: string): Promise<Contender> {
  return inFolders(async (folder, count) =>
    Number(await run(python, [script("fork.py"), "noop", folder, String(count)])),
  );
}

/** Milliseconds from the spawn of an interpreter to the callable that it imports, so many times. */
export async function bareStarts(python: string, module: string, count: number): Promise<number[]> {
  const folder = temporaryFolder();
  return JSON.parse(await run(python, [script("start.py"), python, module, folder.path, String(count)]));
}

function inFolders(measure: (folder: string, count: number) => Promise<number>): Contender {
  return {
    run: async (count) => {
      return await measure(temporaryFolder().path, count);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
