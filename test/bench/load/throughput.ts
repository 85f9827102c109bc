// `throughput.ts PORT ENTRYPOINT COUNT`: submits jobs as fast as it can, waits for the last end; prints seconds.
import { Connection, jsonIn, requestText } from "./connection.ts";

const connections = 4;

const [port = "", entrypoint = ""] = process.argv.slice(2);
const count = Number(process.argv[4]);
const opened = await Promise.all(Array.from({ length: connections }, () => Connection.open(Number(port))));
const ids: string[] = [];
const submit = requestText("POST", "/jobs", JSON.stringify({ entrypoint }));

/** How many jobs there were before; it is their ends plus ours that are waited for. */
const before = await completed();
const asked = performance.now();
let left = count;
await Promise.all(
  opened.map(async (connection) => {
    while (left-- > 0) ids.push(jsonIn<{ job_id: string }>(await connection.ask(submit)).job_id);
  }),
);
// The last to start may end before one of its neighbours: the count says when all have.
for (const id of ids.slice(-2)) await ended(id);
while ((await completed()) < before + count) {
  if ((await countOf("failed")) > 0) throw new Error("a job failed");
}
process.stdout.write(`${(performance.now() - asked) / 1000}\n`);
for (const connection of opened) connection.close();

function completed(): Promise<number> {
  return countOf("completed");
}

async function countOf(status: string): Promise<number> {
  const answer = await opened[0]?.ask(requestText("GET", `/jobs?status_filter=${status}&limit=0`));
  if (answer === undefined) throw new Error("there is no connection");
  return jsonIn<{ total: number }>(answer).total;
}

async function ended(id: string): Promise<void> {
  for (;;) {
    const answer = await opened[0]?.ask(requestText("GET", `/jobs/${id}`, undefined, "Prefer: wait=60\r\n"));
    if (answer === undefined) throw new Error("there is no connection");
    const { status, error } = jsonIn<{ status: string; error: string | null }>(answer);
    if (status === "failed") throw new Error(`job ${id} failed: ${error}`);
    if (status === "completed") return;
  }
}
