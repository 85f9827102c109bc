import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { z } from "zod";
import { accessOptions } from "../config/access-options.ts";

/** The repository's folder. */
const home = join(import.meta.dirname, "..", "..");

const Listening = z.object({ msg: z.literal("listening"), url: z.string() });

/** The demo's own server asks for no token of this shell's, and runs the demo whatever this shell allows. */
const openToThisMachine = Object.fromEntries(accessOptions().map(({ envVar }) => [String(envVar), ""]));

/** A server of the demo's own; disposing of it stops it and waits for its end. */
export interface DemoServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts `bin/quant-runs serve` on a free port of this machine; the signal stops it at any time. */
export async function startServer(entrypoint: string, signal: AbortSignal): Promise<DemoServer> {
  const flags = ["--host", "127.0.0.1", "--port", "0", "--log-level", "info"];
  const subprocess = execa(join(home, "bin", "quant-runs"), ["serve", ...flags], {
    cwd: home,
    env: { ...openToThisMachine, PYTHONPATH: import.meta.dirname, MDPS_ENTRYPOINT: entrypoint },
    stdin: "ignore",
    cancelSignal: signal,
    reject: false,
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: subprocess.stdout }).on("line", (line) => {
      const { success, data } = Listening.safeParse(parsed(line));
      if (success) resolve(data.url);
    });
    subprocess.then(({ stderr, shortMessage }) => reject(startFailure(stderr, shortMessage)));
  });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      subprocess.kill("SIGTERM");
      await subprocess;
    },
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // not a line of the server's log
  }
}

function startFailure(stderr: string, shortMessage: string | undefined): Error {
  const reason = stderr.trim().split("\n").at(-1) || shortMessage || "it said nothing";
  return new Error(`the server did not start: ${reason.replace(/^quant-runs: /, "")}`);
}
