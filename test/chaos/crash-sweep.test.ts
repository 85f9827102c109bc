import { readFile } from "node:fs/promises";
import { join } from "node:path";
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
import { killedAt } from "./killed-at.ts";
import { crashPointAfter, patience } from "./scale.ts";

/** Every kind of system call by which the server changes something; it writes its files by pwrite(2) alone. */
const mutating = {
  rename: "rename,renameat,renameat2,link,linkat",
  mkdir: "mkdir,mkdirat",
  unlink: "unlink,unlinkat,rmdir",
  sync: "fsync,fdatasync,ftruncate",
  write: "pwrite64,pwritev,pwritev2",
  spawn: "clone,clone3,fork,vfork",
};

interface Told {
  readonly accepted: Map<string, string>;
  readonly reachedTheEnd: boolean;
}

/** Accept, start, finish, cancel while it waits, cancel while it runs: as far as the server comes. */
async function lead(server: TestServer, ledger: string): Promise<Told> {
  const accepted = new Map<string, string>();
  const work = async (name: string, seconds: number) => {
    const jobId = await submit(server, "ledger:works", { ledger, name, seconds, ending: "returns" });
    accepted.set(name, jobId);
    return jobId;
  };
  try {
    await ended(server, await work("finishes", 0));
    const runs = await work("is cancelled running", 600);
    const waits = await work("is cancelled waiting", 600);
    await send(server, `/jobs/${waits}/cancel`, {});
    await send(server, `/jobs/${runs}/cancel`, {});
    await ended(server, runs);
    return { accepted, reachedTheEnd: true };
  } catch {
    return { accepted, reachedTheEnd: false };
  }
}

async function survive(calls: string, count: number): Promise<boolean> {
  const runsDir = await temporaryFolder();
  const ledger = join(await temporaryFolder(), "ledger");
  const args = ["--concurrency", "1"];
  const env = { UV_THREADPOOL_SIZE: "1" };
  const before = await startServer({ runsDir, args });
  await submit(before, "ledger:works", { ledger, name: "is recovered", seconds: 0.2, ending: "returns" });
  await before.kill();
  const command = killedAt(calls, count);
  const told = await startServer({ runsDir, args, env, command }).then(
    async (server) => {
      const told = await lead(server, ledger);
      await server.kill();
      return told;
    },
    () => ({ accepted: new Map<string, string>(), reachedTheEnd: false }),
  );
  await expectTruth(await startServer({ runsDir, args }), ledger, told);
  return told.reachedTheEnd;
}

async function expectTruth(server: TestServer, ledger: string, told: Told): Promise<void> {
  const list = await send<{ jobs: Job[] }>(server, "/jobs");
  for (const jobId of told.accepted.values())
    expect(list.body.jobs.map((job) => job.job_id)).toContain(jobId);
  for (const job of list.body.jobs) {
    if (/cancelled/.test(String(job.parameters?.name))) await send(server, `/jobs/${job.job_id}/cancel`, {});
    const { status, failure } = await ended(server, job.job_id);
    const reason = /cancelled/.test(String(job.parameters?.name)) ? "cancelled" : undefined;
    expect({ name: job.parameters?.name, status, reason: failure?.reason }).toEqual({
      name: job.parameters?.name,
      status: reason ? "failed" : "completed",
      reason,
    });
  }
  const starts = (await readFile(ledger, "utf8")).split("\n").filter((line) => line.startsWith("start "));
  expect(new Set(starts).size, "no job started twice").toBe(starts.length);
  expect(starts).toContain("start is recovered");
}

test.each(Object.entries(mutating))(
  "a server killed at each %s tells the truth when it is back",
  { timeout: patience },
  async (name, calls) => {
    let points = 0;
    for (let count = 1; !(await survive(calls, count)); count = crashPointAfter(count)) points++;
    process.stdout.write(`server killed at ${points} calls of ${name}\n`);
    expect(points, `places where the server was killed at ${name}`).toBeGreaterThan(0);
  },
);
