import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  ended,
  type Job,
  send,
  startServer,
  submit,
  type TestServer,
  temporaryFolder,
} from "../support/server.ts";
import { patience, scale } from "./scale.ts";

/** What each ending must be told as. */
const endings = {
  returns: { status: "completed", failure: null },
  raises: { status: "failed", failure: { reason: "exception", exit_code: 1, signal: null } },
  exits: { status: "failed", failure: { reason: "crashed", exit_code: 3, signal: null } },
  exits_with_137: { status: "failed", failure: { reason: "crashed", exit_code: 137, signal: null } },
  dies: { status: "failed", failure: { reason: "crashed", exit_code: null, signal: "SIGKILL" } },
} as const;
type EndingName = keyof typeof endings;

interface Sent {
  readonly name: string;
  readonly ending: EndingName;
  readonly jobId: string | undefined;
}

function randomEnding(): EndingName {
  const names = Object.keys(endings) as EndingName[];
  return names[Math.floor(Math.random() * names.length)] ?? "returns";
}

/** Submits one job after the other until the server is gone; of the last nobody knows whether it was accepted. */
async function submitUntilKilled(server: TestServer, ledger: string, round: number): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (let number = 0; ; number++) {
    const job = { name: `${round}-${number}`, ending: randomEnding() };
    const parameters = { ledger, ...job, seconds: Math.random() * 0.5 };
    try {
      sent.push({ ...job, jobId: await submit(server, "ledger:works", parameters) });
    } catch {
      return [...sent, { ...job, jobId: undefined }];
    }
    if (sent.length >= 4) await setTimeout(20);
    if (sent.length >= 8) return sent;
  }
}

test(`${scale.serverKills} kills of the server: no job lost, none run twice, every ending true`, {
  timeout: patience,
}, async () => {
  const runsDir = await temporaryFolder();
  const ledger = join(await temporaryFolder(), "ledger");
  const start = () => startServer({ runsDir, args: ["--concurrency", "20"] });
  const sent: Sent[] = [];
  for (let round = 0; round < scale.serverKills; round++) {
    const server = await start();
    const killed = setTimeout(Math.random() * 400).then(() => server.kill());
    sent.push(...(await submitUntilKilled(server, ledger, round)));
    await killed;
  }
  const server = await start();
  for (const { jobId, ending } of sent) {
    if (jobId !== undefined) expect(await ended(server, jobId)).toMatchObject(endings[ending]);
  }
  await expectOneRunEach(server, ledger, sent);
});

async function expectOneRunEach(server: TestServer, ledger: string, sent: Sent[]): Promise<void> {
  const list = await send<{ jobs: Job[] }>(server, "/jobs?limit=1000000");
  const accepted = new Set(list.body.jobs.map((job) => String(job.parameters?.name)));
  for (const job of list.body.jobs) await ended(server, job.job_id);
  const starts = (await readFile(ledger, "utf8")).split("\n").filter((line) => line.startsWith("start "));
  const runs = Map.groupBy(starts, (line) => line.slice("start ".length));
  for (const { name, jobId } of sent) {
    if (jobId !== undefined) expect(accepted).toContain(name);
    expect(runs.get(name)?.length ?? 0, `starts of ${name}`).toBe(accepted.has(name) ? 1 : 0);
  }
}
