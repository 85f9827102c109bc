import { join } from "node:path";
import { benchFolder } from "../machine/folders.ts";
import { run, runForJson } from "../machine/run.ts";
import type { Flood, Flooded } from "./flood.ts";

// Each client is a process of its own: in the harness's, it would wait for the harness, and what it waits for with it.
const client = (name: string) => join(benchFolder, "load", name);

/** @returns seconds from the first submission to the last visible end */
export async function runJobs(port: number, entrypoint: string, count: number): Promise<number> {
  return Number(
    await run(process.execPath, [client("throughput.ts"), String(port), entrypoint, String(count)]),
  );
}

/** Jobs one after the other: milliseconds to the callable, and from the end of the process to the client. */
export function runOneByOne(
  port: number,
  entrypoint: string,
  count: number,
): Promise<{ entered: number[]; told: number[] }> {
  return runForJson(process.execPath, [client("one-by-one.ts"), String(port), entrypoint, String(count)]);
}

export function flood(wanted: Flood): Promise<Flooded> {
  return runForJson(process.execPath, [client("flood.ts"), JSON.stringify(wanted)]);
}
