import { getCompileCacheDir } from "node:module";
import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import { execa } from "execa";
import { cachedRunsIn } from "../tracking/cached-runs.ts";
import type { Loading } from "../tracking/job-index.ts";

/** How many run directories a process is asked for at a time. */
const runsAtOnce = 500;

/** What takes longer, in milliseconds, has waited for the disk: the kernel gives so many from memory in a tenth of it. */
const slowAnswer = 500;

/** More than this read no disk any faster. */
const mostProcesses = 8;

/**
 * Processes that read run directories: one for each processor, and while those wait for the disk, more of them. Each is
 * asked again as soon as it has answered, so that none of them is done much before the others.
 */
export class EndedReaders {
  readonly #runsDir: string;
  readonly #jobIds: readonly string[];
  readonly #loading: Loading;
  readonly #working: Promise<unknown>[] = [];
  #asked = 0;

  constructor(runsDir: string, jobIds: readonly string[], loading: Loading) {
    this.#runsDir = runsDir;
    this.#jobIds = jobIds;
    this.#loading = loading;
  }

  /** Takes those that have ended into the index; returns the failure of a process, which has not told all, if any. */
  async read(): Promise<unknown> {
    for (let count = 0; count < availableParallelism(); count++) this.#add();
    const failures: unknown[] = [];
    for (const working of this.#working) failures.push(await working); // more may join while these are waited for
    return failures.find((failure) => failure !== undefined);
  }

  #add(): void {
    if (this.#working.length >= mostProcesses || this.#asked >= this.#jobIds.length) return;
    const working = this.#work();
    this.#working.push(
      working.then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
  }

  /** @throws ExecaError when the process has failed */
  async #work(): Promise<void> {
    const reader = startReader(this.#runsDir);
    reader.stdin.on("error", () => undefined); // it has ended, which is told below
    const moments: number[] = [];
    const ask = () => {
      const line = this.#nextQuestion();
      if (line === undefined) return reader.stdin.end();
      moments.push(performance.now());
      return reader.stdin.write(line);
    };
    ask();
    ask(); // this one waits there, so that the process never does
    for await (const line of linesIn(reader.stdout)) {
      if (performance.now() - (moments.shift() ?? 0) > 2 * slowAnswer) this.#add();
      ask();
      const runs = cachedRunsIn(line);
      if (runs !== undefined) this.#loading.take(runs);
    }
    await reader;
  }

  #nextQuestion(): string | undefined {
    const jobIds = this.#jobIds.slice(this.#asked, this.#asked + runsAtOnce);
    this.#asked += jobIds.length;
    return jobIds.length === 0 ? undefined : `${jobIds.join(" ")}\n`;
  }
}

function startReader(runsDir: string) {
  const program = join(import.meta.dirname, `ended-reader${extname(import.meta.filename)}`);
  const cached = getCompileCacheDir();
  return execa(process.execPath, ["--max-semi-space-size=16", program], {
    cwd: runsDir,
    stdin: "pipe",
    extendEnv: false,
    env: cached === undefined ? {} : { NODE_COMPILE_CACHE: cached },
    buffer: false,
  });
}

/** The lines of a stream, whole and as bytes: as texts they would be copied twice more. */
async function* linesIn(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...begun, chunk.subarray(start, end)]);
      begun = [];
      start = end + 1;
    }
    begun.push(chunk.subarray(start));
  }
}
