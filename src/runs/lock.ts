import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { StartError } from "../errors.ts";
import { now } from "../jobs/timestamp.ts";
import { errorCode } from "./record-file.ts";
import { lockFile } from "./run-directory.ts";

/** The right to serve one runs directory. The kernel ends it with this process, however that dies. */
export interface Lock {
  /** Tells whoever comes later where this server is reached. */
  tell(url: string): Promise<void>;
}

const flock = "import fcntl; fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)";

/**
 * Takes the lock (flock(2)). It sits on the open file, which a child shares for as long as it takes to ask for it, and
 * which no job inherits.
 * @throws StartError naming the holder when another server has it
 */
export async function lockRunsDirectory(runsDirectory: string, python: string): Promise<Lock> {
  const file = await openLock(join(runsDirectory, lockFile));
  const asked = await execa(python, ["-I", "-S", "-c", flock], {
    stdio: ["ignore", "ignore", "pipe", file.fd as 3],
    reject: false,
  });
  if (asked.failed) {
    const holder = (await file.readFile("utf8")).trim() || "a server that has not said who it is";
    await file.close();
    if (!asked.stderr.includes("BlockingIOError")) {
      throw new StartError(`cannot lock the runs directory ${runsDirectory}: ${asked.stderr.trim()}`);
    }
    throw new StartError(
      `the runs directory ${runsDirectory} is served by another server: ${holder}; stop it or set QUANT_RUNS_DIR`,
    );
  }
  held.add(file);
  await file.truncate();
  return { tell: (url) => writeHolder(file, url) };
}

async function openLock(path: string): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return await open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  } catch (error) {
    throw new StartError(
      `cannot open ${path} (${errorCode(error)}): make room for it, or set QUANT_RUNS_DIR`,
    );
  }
}

/** Open for as long as the process lives: a handle that nobody holds would be closed, and the lock with it. */
const held = new Set<FileHandle>();

async function writeHolder(file: FileHandle, url: string): Promise<void> {
  const text = `process ${process.pid} on ${hostname()}, at ${url}, since ${now()}\n`;
  await file.truncate();
  await file.write(text, 0);
}
