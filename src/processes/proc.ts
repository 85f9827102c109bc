import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

/** Text of a file of proc(5); empty where there is no such process (any more), it is not for us, or there is no /proc. */
export async function procText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isAbsence(error)) return "";
    throw error;
  }
}

/** The same within this turn of the event loop: for one small file, which the kernel writes at once. */
export function procTextNow(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isAbsence(error)) return "";
    throw error;
  }
}

/** The processes there are now; none where there is no /proc. */
export async function pids(): Promise<number[]> {
  try {
    return (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error; // a lack of descriptors or memory says nothing of processes
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && "code" in error && absences.has(error.code);
}

/** EPERM is what a /proc mounted with hidepid=1 says of other users' processes (proc(5)). */
const absences = new Set<unknown>(["ENOENT", "ESRCH", "EACCES", "EPERM"]);

/**
 * Reads something of each of many processes. Few reads are under way at once, whoever asks: each holds a descriptor, and
 * a place in the queue for libuv's threads, of which there are four for every file the server touches.
 */
export function readEach<Found>(
  of: readonly number[],
  read: (pid: number) => Promise<Found>,
): Promise<Found[]> {
  return Promise.all(of.map((pid) => inLane(() => read(pid))));
}

const readsAtOnce = 8;

/** The last read of each lane: the next one begins when it is over, however that went. */
const lanes: Promise<unknown>[] = [];
let lane = 0;

function inLane<Found>(read: () => Promise<Found>): Promise<Found> {
  lane = (lane + 1) % readsAtOnce;
  const reading = (lanes[lane] ?? Promise.resolve()).then(read);
  lanes[lane] = reading.catch(() => undefined); // told to whoever asked for it
  return reading;
}
