// `one-by-one.ts PORT ENTRYPOINT COUNT`: jobs on an idle server, one after the other; prints for each the milliseconds
// from its POST to the clock that it returned, and from the clock that it left behind to its end being told.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Connection, jsonIn, requestText } from "./connection.ts";

/** Lets the server come to rest, in milliseconds. */
const pause = 30;

interface Job {
  readonly job_id: string;
  readonly status: string;
  readonly status_file: string;
  readonly error: string | null;
  readonly result: { readonly result: unknown } | null;
}

const [port = "", entrypoint = "", count = ""] = process.argv.slice(2);
const connection = await Connection.open(Number(port));
const entered: number[] = [];
const told: number[] = [];
const submit = requestText("POST", "/jobs", JSON.stringify({ entrypoint }));

for (let number = 0; number < Number(count); number++) {
  await setTimeout(pause);
  const asked = process.hrtime.bigint(); // CLOCK_MONOTONIC, as Python's time.monotonic_ns()
  const { job_id, status_file } = jsonIn<Job>(await connection.ask(submit));
  const wait = requestText("GET", `/jobs/${job_id}`, undefined, "Prefer: wait=60\r\n");
  const answer = await connection.ask(wait);
  const seen = process.hrtime.bigint();
  const { status, error, result } = jsonIn<Job>(answer);
  if (status !== "completed") throw new Error(`job ${job_id} is ${status}: ${error}`);
  if (typeof result?.result === "number") entered.push(milliseconds(BigInt(result.result) - asked));
  const left = await readFile(join(dirname(status_file), "left"), "utf8").catch(() => undefined);
  if (left !== undefined) told.push(milliseconds(seen - BigInt(left)));
}
process.stdout.write(`${JSON.stringify({ entered, told })}\n`);
connection.close();

function milliseconds(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}
