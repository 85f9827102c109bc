import { constants } from "node:os";
import { lastErrorLine } from "../runs/output-files.ts";
import type { ShimEnd } from "./executor.ts";

/** What bwrap says, in the words of strerror(3), where the machine has no room for another sandbox right now. */
const lacks: Record<string, string> = {
  "Resource temporarily unavailable": "EAGAIN",
  "Cannot allocate memory": "ENOMEM",
  "Too many open files": "EMFILE",
  "Too many open files in system": "ENFILE",
  "No space left on device": "ENOSPC", // of namespaces: namespaces(7), "/proc/sys/user"
};

/** The end of a shim as bwrap(1) tells it: a signal as 128 and its number, a failure of its own as 1 and a line. */
export async function endOfShim(end: ShimEnd, directory: string): Promise<ShimEnd> {
  const { exitCode } = end;
  if (exitCode === undefined) return end;
  if (exitCode > 128) return { ...end, exitCode: undefined, signal: signalNamed(exitCode - 128) };
  const lack = exitCode === 1 ? await lackToldIn(directory) : undefined;
  return lack === undefined ? end : { exitCode: undefined, signal: undefined, spawnError: lack };
}

function signalNamed(number: number): string {
  const found = Object.entries(constants.signals).find(([, each]) => each === number);
  return found?.[0] ?? `signal ${number}`;
}

async function lackToldIn(directory: string): Promise<string | undefined> {
  const line = await lastErrorLine(directory).catch(() => undefined); // a log that cannot be read tells nothing
  const reason = /^bwrap: .*: (.+)$/.exec(line ?? "")?.[1];
  return reason === undefined ? undefined : lacks[reason];
}
