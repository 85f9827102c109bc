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
  readonly #idle: Reader[];
  readonly #working: Promise<unknown>[] = [];
  #jobIds: readonly string[] = [];
  #asked = 0;

  /** Starts them: they take a while until they can be asked. */
  constructor(runsDir: string) {
    this.#runsDir = runsDir;
    this.#idle = Array.from({ length: Math.min(mostProcesses, availableParallelism()) }, () =>
      startReader(runsDir),
    );
  }

  /** Takes those that have ended into the index; returns the failure of a process, which has not told all, if any. */
  async read(jobIds: readonly string[], loading: Loading): Promise<unknown> {
    this.#jobIds = jobIds;
    for (const reader of this.#idle.splice(0)) this.#add(reader, loading);
    const failures: unknown[] = [];
    for (const working of this.#working) failures.push(await working); // more may join while these are waited for
    return failures.find((failure) => failure !== undefined);
  }

  /** Lets go of those that were not asked. */
  end(): void {
    for (const reader of this.#idle) reader.stdin.end();
  }

  #add(reader: Reader, loading: Loading): void {
    const working = this.#work(reader, loading);
    this.#working.push(
      working.then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
  }

  #addAnother(loading: Loading): void {
    if (this.#working.length >= mostProcesses || this.#asked >= this.#jobIds.length) return;
    this.#add(startReader(this.#runsDir), loading);
  }

  /** @throws ExecaError when the process has failed */
  async #work(reader: Reader, loading: Loading): Promise<void> {
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
      if (performance.now() - (moments.shift() ?? 0) > 2 * slowAnswer) this.#addAnother(loading);
      ask();
      const runs = cachedRunsIn(line);
      if (runs !== undefined) loading.take(runs);
    }
    await reader;
  }

  #nextQuestion(): string | undefined {
    const jobIds = this.#jobIds.slice(this.#asked, this.#asked + runsAtOnce);
    this.#asked += jobIds.length;
    return jobIds.length === 0 ? undefined : `${jobIds.join(" ")}\n`;
  }
}

type Reader = ReturnType<typeof startReader>;

function startReader(runsDir: string) {
  const program = join(import.meta.dirname, `ended-reader${extname(import.meta.filename)}`);
  const cached = getCompileCacheDir();
  const reader = execa(process.execPath, ["--max-semi-space-size=16", program], {
    cwd: runsDir,
    stdin: "pipe",
    extendEnv: false,
    env: cached === undefined ? {} : { NODE_COMPILE_CACHE: cached },
    buffer: false,
  });
  reader.stdin.on("error", () => undefined); // it has ended, which whoever asks it is told
  reader.catch(() => undefined);
  return reader;
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
