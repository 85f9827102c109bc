import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { CorruptRecord, readText } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

/** The two logs of a job, open for the spawn; the job writes to them itself, nothing passes through the server. */
export interface OutputFiles extends AsyncDisposable {
  readonly stdout: number;
  readonly stderr: number;
}

/** Opens both logs to append (O_APPEND), so that a truncated log leaves no hole. Close them once the shim is spawned. */
export async function openOutputFiles(directory: string): Promise<OutputFiles> {
  const stdout = await openLog(fileOf(directory, "stdout"));
  try {
    return outputFiles(stdout, await openLog(fileOf(directory, "stderr")));
  } catch (error) {
    await stdout.close();
    throw error;
  }
}

function outputFiles(stdout: FileHandle, stderr: FileHandle): OutputFiles {
  return {
    stdout: stdout.fd,
    stderr: stderr.fd,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([stdout.close(), stderr.close()]);
    },
  };
}

/** Waits for no reader of a planted FIFO, and takes nothing but a regular file. */
async function openLog(path: string): Promise<FileHandle> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new CorruptRecord(path, "is not a regular file");
}

/** The last line of stderr.log, for a sentence about a shim that could not start; undefined when it said nothing. */
export async function lastErrorLine(directory: string): Promise<string | undefined> {
  const text = (await readText(fileOf(directory, "stderr"))) ?? "";
  return text.trimEnd().split("\n").at(-1) || undefined;
}
