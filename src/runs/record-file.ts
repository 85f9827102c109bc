import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  type Stats,
  writeSync,
} from "node:fs";
import { access, type FileHandle, link, lstat, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { nanoid } from "nanoid";
import type { z } from "zod";
import type { FileFacts } from "./file-facts.ts";
import { answersAtOnce } from "./local-disk.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Largest record that is read, in bytes: parameters and a result of the largest size fit, a planted log does not. */
const largestRecord = 64 * 1024 * 1024;

/** A file of a run directory that is not what it should be: no regular file, too large, or not its format. */
export class CorruptRecord extends Error {
  override readonly name = "CorruptRecord";
  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(`${path}: ${problem}`, options);
  }
}

/** A record where a damaged one counts as none: it proves nothing. */
export async function sound<Kind>(reading: Promise<Kind | undefined>): Promise<Kind | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof CorruptRecord) return undefined;
    throw error;
  }
}

/** Whether there is something of this name that this user may reach; false says nothing of why. */
export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false; // not there, or not for us: either way nothing to go by
  }
}

/** Whether it is certain that there is nothing of this name, not even a link that leads nowhere. */
export async function isMissing(path: string): Promise<boolean> {
  return lstat(path).then(
    () => false,
    (error: unknown) => errorCode(error) === "ENOENT",
  );
}

/** The code of a file system error, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** A record's exact text, and what its file was when it was read. */
export interface RecordText {
  readonly text: string;
  readonly facts: FileFacts;
}

/**
 * A record; undefined when there is none. Follows no link and waits for no FIFO (open(2)).
 * @throws CorruptRecord when something else than a regular file of sensible size stands there
 */
export async function readWhole(path: string): Promise<RecordText | undefined> {
  const small = answersAtOnce(path) ? readNow(path, scratch.length - 1) : "large";
  return small === "large" ? readLater(path) : small;
}

async function readLater(path: string): Promise<RecordText | undefined> {
  try {
    await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const facts = await file.stat();
    expectRecord(path, facts);
    return { text: (await bytesOf(file, facts.size)).toString("utf8"), facts };
  } catch (error) {
    return nothingThere(path, error);
  }
}

const scratch = Buffer.allocUnsafe(64 * 1024);

/** As `readWhole`, but it waits for the kernel: only before requests are served, and on a local disk. */
export function readWholeNow(path: string): RecordText | undefined {
  const record = readNow(path, largestRecord);
  return record === "large" ? undefined : record;
}

/** As `readWholeNow`; `"large"` for a record of more bytes than that. */
function readNow(path: string, most: number): RecordText | "large" | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const facts = fstatSync(file);
    expectRecord(path, facts);
    if (facts.size > most) return "large";
    const length = facts.size < scratch.length ? readSync(file, scratch, 0, scratch.length, null) : undefined;
    return {
      text: length === undefined ? readFileSync(file, "utf8") : scratch.toString("utf8", 0, length),
      facts,
    };
  } catch (error) {
    return nothingThere(path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The text of a record; undefined when there is none. As `readWhole` otherwise. */
export async function readText(path: string): Promise<string | undefined> {
  return (await readWhole(path))?.text;
}

function expectRecord(path: string, facts: Stats): void {
  if (!facts.isFile()) throw new CorruptRecord(path, "is not a regular file");
  if (facts.size > largestRecord) throw new CorruptRecord(path, `has ${facts.size} bytes`);
}

/** What a file holds, asked for once where it has the size that was told, and to its end where it has grown. */
async function bytesOf(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size + 1);
  const { bytesRead } = await file.read(bytes, 0, size + 1, null);
  if (bytesRead <= size) return bytes.subarray(0, bytesRead);
  return Buffer.concat([bytes, await file.readFile()]);
}

/** Undefined where there is no record; a lack of descriptors or memory says nothing of it and is thrown again. */
function nothingThere(path: string, error: unknown): undefined {
  const code = errorCode(error) ?? "";
  if (["ENOENT", "ENOTDIR"].includes(code)) return undefined;
  if (["ELOOP", "ENXIO", "EACCES"].includes(code)) {
    throw new CorruptRecord(path, "cannot be read", { cause: error });
  }
  throw error;
}

/**
 * A JSON record that fits its schema; undefined when there is none.
 * @throws CorruptRecord when it is no JSON or does not fit
 */
export async function readRecord<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : parseRecord(path, text, schema);
}

export function parseRecord<Schema extends z.ZodType>(
  path: string,
  text: string,
  schema: Schema,
): z.output<Schema> {
  const checked = schema.safeParse(parseJson(path, text));
  if (checked.success) return checked.data;
  const fields = checked.error.issues.map((issue) => issue.path.join(".") || "(all of it)");
  throw new CorruptRecord(path, `does not fit its format: ${fields.join(", ")}`, { cause: checked.error });
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CorruptRecord(path, "is not JSON", { cause: error });
  }
}

/** What a write outlives: `process` the death of every process, for nothing; `power` a loss of power too, by fsync(2). */
export type Durability = "process" | "power";

/** Creates a file that must not exist yet (O_EXCL), readable by its owner alone; fails with EEXIST otherwise. */
export async function createFile(
  path: string,
  text: string,
  durability: Durability = "process",
): Promise<void> {
  await using file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  await writeAll(file, Buffer.from(text));
  if (durability === "power") await file.sync();
}

/** As `createFile` for a file that need only outlive processes, but it waits for the kernel: only on a local disk. */
export function createFileNow(path: string, text: string): void {
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, at);
  } finally {
    closeSync(file);
  }
}

/** Every byte at its own place (pwrite(2)); a write that a full disk cut short is followed by one that says so. */
async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
  }
}

/**
 * Creates a file that must not exist yet, whole at once: nobody ever reads a part of it (link(2)). Fails with EEXIST when
 * somebody else was first.
 */
export async function createWhole(path: string, text: string, durability: Durability): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await createFile(temporary, text, durability);
    await link(temporary, path);
    await syncFolder(dirname(path), durability);
  } finally {
    await rm(temporary, { force: true });
  }
}

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${nanoid(10)}`);
}

/** Makes the names in a folder outlive a loss of power, where that is wanted. */
export async function syncFolder(path: string, durability: Durability): Promise<void> {
  await using folder = await openFolder(path, durability);
  await folder?.sync();
}

/** A folder to be synced later, where that is wanted: opened early, it cannot fail for want of a descriptor then. */
export async function openFolder(path: string, durability: Durability): Promise<FileHandle | undefined> {
  return durability === "power" ? open(path, O_RDONLY) : undefined;
}

/** Replaces a file whole: whoever reads it sees the old text or the new one (rename(2)). */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await createFile(temporary, text);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
