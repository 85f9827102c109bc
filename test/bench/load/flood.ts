// `flood.ts REQUESTS`: sends requests over some connections as fast as answers come; REQUESTS is JSON, see Flood.
import { readFileSync } from "node:fs";
import { quantile } from "../statistics.ts";
import { Connection, requestText } from "./connection.ts";

/** What is asked, over how many connections, and how often or how long. */
export interface Flood {
  readonly port: number;
  readonly connections: number;
  readonly method: "GET" | "POST";
  /** The path; an id from `ids`, if given, replaces `{id}`. */
  readonly path: string;
  readonly body?: string;
  /** Path of a file with an id a line. */
  readonly ids?: string;
  readonly requests?: number;
  readonly seconds?: number;
  /** Seconds before those, which are not measured: the code of this client itself is slow at first. */
  readonly secondsBefore?: number;
}

/** What came of it. */
export interface Flooded {
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Share of a processor that this client used: near 1, it is the client that was measured. */
  readonly client: number;
}

if (import.meta.main)
  process.stdout.write(`${JSON.stringify(await flood(JSON.parse(process.argv[2] ?? "")))}\n`);

async function flood(wanted: Flood): Promise<Flooded> {
  const { port, connections, secondsBefore = 0 } = wanted;
  const opened = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  const next = requestsOf(wanted);
  await ask(opened, next, { seconds: secondsBefore });
  const [begun, used] = [performance.now(), process.cpuUsage()];
  const took = await ask(opened, next, wanted);
  const wall = performance.now() - begun;
  const { user, system } = process.cpuUsage(used);
  for (const connection of opened) connection.close();
  return {
    requests: took.length,
    rate: took.length / (wall / 1000),
    p50: quantile(took, 0.5) ?? Number.NaN,
    p99: quantile(took, 0.99) ?? Number.NaN,
    client: (user + system) / 1000 / wall,
  };
}

/** Asks so often or for so long; returns what each answer took, in milliseconds. */
async function ask(
  connections: readonly Connection[],
  next: () => string,
  {
    requests = Number.POSITIVE_INFINITY,
    seconds = Number.POSITIVE_INFINITY,
  }: Pick<Flood, "requests" | "seconds">,
): Promise<number[]> {
  const took: number[] = [];
  const end = performance.now() + seconds * 1000;
  let left = requests;
  await Promise.all(
    connections.map(async (connection) => {
      while (left-- > 0 && performance.now() < end) took.push(await timed(connection, next()));
    }),
  );
  return took;
}

/** The requests, one after the other; with ids, in an order that is not theirs and the same each time. */
function requestsOf({ method, path, body, ids }: Flood): () => string {
  if (ids === undefined) {
    const request = requestText(method, path, body);
    return () => request;
  }
  const all = readFileSync(ids, "utf8").trim().split("\n");
  const texts = all.map((id) => requestText(method, path.replace("{id}", id), body));
  const stride = 7919; // a prime: it comes to all of them
  let at = 0;
  return () => {
    at = (at + stride) % texts.length;
    return texts[at] ?? "";
  };
}

async function timed(connection: Connection, request: string): Promise<number> {
  const asked = performance.now();
  const { status, rest } = await connection.ask(request);
  if (status >= 300) throw new Error(`the server answers ${status}: ${rest}`);
  return performance.now() - asked;
}
