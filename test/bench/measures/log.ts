import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import type { Bench } from "../machine/bench.ts";
import { temporaryFolder } from "../machine/folders.ts";
import { environment, run } from "../machine/run.ts";
import { startServer } from "../machine/server.ts";
import { median, medianRatio } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";

/** One contender's seconds: of all of it, and those in which it wrote. */
interface Taken {
  readonly all: number;
  readonly writing: number;
}

/**
 * A gigabyte that a job prints against the same program's under a shell that redirects it to a file: from the request to
 * the visible end, and from the shell's start to its end. Ours is a warm start on a server that runs already, as its users
 * have it, while the shell starts an interpreter. Each begins when the disk has nothing left to write, and they take turns
 * at going first: whoever writes second may find the disk in another state.
 */
export const log: Measurement = {
  figures: ["log"],
  measure: async (bench) => {
    const [shell, ours]: [Taken[], Taken[]] = [[], []];
    const turns = [async () => shell.push(await byShell(bench)), async () => ours.push(await byJob(bench))];
    for (let round = 1; round <= bench.count(14, 2); round++) {
      for (const turn of turns) await turn();
      turns.reverse();
      bench.say(
        `round ${round}: ${ours.at(-1)?.all.toFixed(2)} s, the shell ${shell.at(-1)?.all.toFixed(2)} s`,
      );
    }
    const ratio = (name: keyof Taken) =>
      medianRatio(
        ours.map((each) => each[name]),
        shell.map((each) => each[name]),
      );
    const middle = (of: Taken[]) => median(of.map(({ all }) => all))?.toFixed(2);
    const note = `${middle(ours)} s, a warm start, against ${middle(shell)} s; of the writing alone ${ratio("writing")?.toFixed(3)}`;
    return { found: { log: { values: [ratio("all")], note } } };
  },
};

const megabytes = (bench: Bench) => bench.count(1000, 300);

async function byShell(bench: Bench): Promise<Taken> {
  const folder = temporaryFolder();
  await run("sync", []);
  const command = '"$0" -c "import floods, sys; sys.stderr.write(str(floods.main($1)))" >out.log';
  const options = { cwd: folder.path, env: environment(), extendEnv: false };
  const asked = performance.now();
  const { stderr } = await execa("sh", ["-c", command, bench.python, String(megabytes(bench))], options);
  const all = (performance.now() - asked) / 1000;
  await rm(join(folder.path, "out.log"));
  return { all, writing: Number(stderr) / 1000 };
}

async function byJob(bench: Bench): Promise<Taken> {
  await using server = await startServer(bench, "warm");
  const ask = async (parameters: object) => {
    const response = await fetch(`${server.url}/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "wait=60" },
      body: JSON.stringify({ entrypoint: "floods:main", parameters }),
    });
    return (await response.json()) as { job_id: string; result: { result: number } };
  };
  await ask({ megabytes: 0 });
  await run("sync", []);
  const asked = performance.now();
  const { job_id, result } = await ask({ megabytes: megabytes(bench) });
  const all = (performance.now() - asked) / 1000;
  await rm(join(server.runsDir, job_id, "stdout.log"));
  return { all, writing: result.result / 1000 };
}
