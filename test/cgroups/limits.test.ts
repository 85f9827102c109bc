import { beforeAll, describe, expect, test } from "vitest";
import type { Job } from "../support/server.ts";
import { cannotBoot, groups, runsDir, sharedGuest } from "./guest.ts";

const guest = sharedGuest();

/** 48 MiB: room for two interpreters, and for less than what the callables take. */
const memory_bytes = 48 * 1024 * 1024;
const tooMuch = { count: 60_000_000 };

/** The pid of the server that runs, and what it logged last when it started. */
let pid = "";
let saidOfLimits = "";

async function startServer(...options: string[]): Promise<void> {
  const printed = await guest().run(["serve", ...options].join(" "));
  const lines = printed.trim().split("\n");
  [pid, saidOfLimits] = [String(lines[0]), String(lines.at(-1))];
}

async function ask<Answer = Job>(path: string, ...options: string[]): Promise<Answer> {
  return JSON.parse(await guest().run(`curl -s ${options.join(" ")} http://127.0.0.1:8000${path}`));
}

async function submit(entrypoint: string, wish: object = {}): Promise<string> {
  const body = JSON.stringify({ entrypoint, ...wish });
  return (await ask("/jobs", "-H 'Content-Type: application/json'", `-d '${body}'`)).job_id;
}

async function ended(jobId: string): Promise<Job> {
  const job = await ask(`/jobs/${jobId}`, "-H 'Prefer: wait=60'");
  return job.completed_at === null ? ended(jobId) : job;
}

async function run(entrypoint: string, wish: object = {}): Promise<Job> {
  return ended(await submit(entrypoint, wish));
}

async function cancel(jobId: string): Promise<Job> {
  await ask(`/jobs/${jobId}/cancel`, "-X POST");
  return ended(jobId);
}

/** What a job says first, once it has. */
async function said(jobId: string): Promise<string> {
  const log = `${runsDir}/${jobId}/stdout.log`;
  return (await guest().run(`until [ -s ${log} ]; do sleep 0.1; done; cat ${log}`)).trim();
}

async function killShim(jobId: string): Promise<void> {
  const { pid } = JSON.parse(await guest().run(`cat ${runsDir}/${jobId}/claim`));
  await guest().run(`kill -9 ${pid}`);
}

/** The groups there are beside the server's own. */
async function jobGroups(): Promise<string[]> {
  const names = (await guest().run(`cd ${groups}; ls -1d */`)).trim().split("\n");
  return names.map((name) => name.slice(0, -1)).filter((name) => name !== "quant-runs-server");
}

const lives = async (process: string) => (await guest().run(`kill -0 ${process} || echo gone`)) === "";

const outOfMemory = {
  status: "failed",
  error: expect.stringMatching(
    `^Out of memory: memory_bytes = ${memory_bytes}, killed by SIGKILL after \\d+\\.\\d s$`,
  ),
  failure: { reason: "memory", exit_code: null, signal: "SIGKILL" },
};
const completedWith = (value: unknown) => ({ status: "completed", result: { result: value } });

describe.skipIf(cannotBoot)("a server that was given a control group", () => {
  beforeAll(() => startServer());

  test("says so", () => {
    expect(JSON.parse(saidOfLimits)).toMatchObject({
      cgroup: groups,
      msg: expect.stringContaining("kept by control groups"),
    });
  });

  test("ends a job that takes more memory than its limit with the reason memory, and no other", async () => {
    const beside = await submit("basic:prints");
    expect(await run("limits:takes_bytes", { memory_bytes, parameters: tooMuch })).toMatchObject(outOfMemory);
    expect(await ended(beside)).toMatchObject({ status: "completed" });
  });

  test("counts what all processes of a job take together", async () => {
    const wish = { memory_bytes, parameters: tooMuch };
    expect(await run("greedy:takes_in_two_processes", wish)).toMatchObject(outOfMemory);
  });

  test("does not count address space that is set aside and not used", async () => {
    const job = await run("limits:maps", { memory_bytes, parameters: { count: 2 ** 30 } });
    expect(job).toMatchObject(completedWith(2 ** 30));
  });

  test("tells a job that was killed otherwise apart", async () => {
    const job = await run("limits:kills_itself", { memory_bytes, parameters: { name: "SIGKILL" } });
    expect(job).toMatchObject({ failure: { reason: "crashed", signal: "SIGKILL" } });
  });

  test("counts processes for each job alone, root's too", async () => {
    const one = await submit("greedy:forks_until_refused", { processes: 5 });
    const other = await submit("greedy:forks_until_refused", { processes: 4 });
    expect(await ended(one)).toMatchObject(completedWith([4, "Resource temporarily unavailable"]));
    expect(await ended(other)).toMatchObject(completedWith([3, "Resource temporarily unavailable"]));
  });

  test("contains a fork bomb and ends all of it", async () => {
    const bomb = await submit("greedy:bombs", { processes: 8, cancel_grace_seconds: 0 });
    expect(await said(bomb)).toContain("ready");
    expect(await run("basic:succeeds")).toMatchObject({ status: "completed" });
    const job = await cancel(bomb);
    expect(job).toMatchObject({ failure: { reason: "cancelled" }, termination: { survivors: 0 } });
  });

  test("ends what a killed shim has left, though nothing tells whose it is", async () => {
    const jobId = await submit("greedy:hides", { processes: 5 });
    const hidden = await said(jobId);
    expect(await jobGroups()).toEqual([jobId]);
    await killShim(jobId);
    expect(await ended(jobId)).toMatchObject({ failure: { reason: "lost" } });
    expect(await lives(hidden)).toBe(false);
  });

  test("makes no group for a job without these limits", async () => {
    expect(await run("greedy:tells_group")).toMatchObject(completedWith("0::/unit/quant-runs-server"));
  });

  test("removes the group of every job that has ended", async () => {
    expect(await jobGroups()).toEqual([]);
  });
});

describe.skipIf(cannotBoot)(
  "a server that was killed, and started again to run its jobs in sandboxes",
  () => {
    const left = { jobId: "", hidden: "" };
    const running = { jobId: "", hidden: "" };
    beforeAll(async () => {
      for (const job of [left, running]) {
        job.jobId = await submit("greedy:hides", { processes: 5 });
        job.hidden = await said(job.jobId);
      }
      await guest().run(`kill -9 ${pid}`);
      await killShim(left.jobId);
      await startServer("--sandbox", "bubblewrap");
    });

    test("finds the groups of the one before it, whose jobs went on in them", async () => {
      expect(await ended(left.jobId)).toMatchObject({ failure: { reason: "lost" } });
      expect(await jobGroups()).toEqual([running.jobId]);
      expect([await lives(left.hidden), await lives(running.hidden)]).toEqual([false, true]);
      expect(await cancel(running.jobId)).toMatchObject({ failure: { reason: "cancelled" } });
      expect(await lives(running.hidden)).toBe(false);
    });

    test("limits jobs in sandboxes alike, which cannot change that", async () => {
      const wish = { memory_bytes, parameters: tooMuch };
      expect(await run("greedy:takes_in_two_processes", wish)).toMatchObject(outOfMemory);
      const bold = await run("greedy:tries_to_raise_its_limit", { memory_bytes });
      expect(bold).toMatchObject(completedWith("Read-only file system"));
      expect(await jobGroups()).toEqual([]);
    });
  },
);
