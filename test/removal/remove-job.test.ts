import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allEventsOf, eventsOf } from "../support/event-stream.ts";
import { inNamespaces } from "../support/namespaces.ts";
import { plantEnded, runsIn, trashIn } from "../support/planted-runs.ts";
import { claimOf, processesOf } from "../support/processes.ts";
import {
  ended,
  home,
  reached,
  run,
  send,
  sharedServer,
  startServer,
  submit,
  type TestServer,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";
import { type Answer, ask } from "./ask.ts";

const server = sharedServer({ args: ["--concurrency", "4"] });

const remove = (jobId: string, from: Pick<TestServer, "url"> = server()) =>
  ask(from, "DELETE", `/jobs/${jobId}`);
const directoryOf = (jobId: string, at: TestServer = server()) => join(at.runsDir, jobId);
const statusesOf = (answers: readonly Answer[]) => answers.map(({ status }) => status).toSorted();

/** Waits until the trash has been taken away. */
const emptied = (at: TestServer = server()) => waitFor(() => expect(trashIn(at.runsDir)).toEqual([]));

/** The lines of the log that tell of removals. */
const removalsTold = ({ log }: TestServer) =>
  log.map((line) => JSON.parse(line)).filter((line) => line.action === "removed");

describe("an ended job", () => {
  test.each(["basic:succeeds", "endings:raises"])(
    "of %s is gone at once and for good",
    async (entrypoint) => {
      const { job_id } = await run(server(), entrypoint);
      const before = (await send<{ total: number }>(server(), "/jobs")).body.total;
      expect(await remove(job_id)).toEqual({ status: 204, text: "", detail: "" });
      expect(existsSync(directoryOf(job_id))).toBe(false);
      for (const path of ["", "/result", "/logs/stdout", "/files", "/files/x", "/events", "/pin"])
        expect((await ask(server(), "GET", `/jobs/${job_id}${path}`)).status).toBe(404);
      expect((await remove(job_id)).detail).toBe(`Job ${job_id} not found`);
      expect((await send(server(), "/jobs")).body.total).toBe(before - 1);
      await emptied();
      expect(removalsTold(server()).filter((line) => line.job_id === job_id)).toMatchObject([
        { audit: true, action: "removed", job_id, token: null, address: "127.0.0.1" },
      ]);
      expect(server().log.filter((line) => line.includes(job_id) && /"level":"warn"/.test(line))).toEqual([]);
    },
  );

  test("can be removed the moment its end is seen", async () => {
    for (let count = 0; count < 20; count++) {
      const { job_id } = await run(server(), "basic:succeeds");
      expect((await remove(job_id)).status).toBe(204);
    }
    await emptied();
  });

  test("that was cancelled before its shim could claim it can be removed, and does not come back", async () => {
    for (let count = 0; count < 10; count++) {
      const jobId = await submit(server(), "basic:succeeds");
      await send(server(), `/jobs/${jobId}/cancel`, {});
      await ended(server(), jobId);
      await waitFor(async () => expect((await remove(jobId)).status).toBe(204)); // 409 while a shim is on its way to it
      expect(existsSync(directoryOf(jobId))).toBe(false);
    }
  });

  test("frees its Idempotency-Key", async () => {
    const post = async () => {
      const answer = await fetch(`${server().url}/jobs`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": "once" },
        body: '{"entrypoint": "basic:succeeds"}',
      });
      const isReplayed = answer.headers.get("idempotency-replayed");
      return { jobId: String(((await answer.json()) as { job_id: string }).job_id), isReplayed };
    };
    const first = await post();
    await ended(server(), first.jobId);
    expect(await post()).toEqual({ ...first, isReplayed: "true" });
    await remove(first.jobId);
    const second = await post();
    expect(second.isReplayed).toBe(null);
    expect(second.jobId).not.toBe(first.jobId);
  });

  test("of the older wrapper is removed too, when it is asked for", async () => {
    const runsDir = await temporaryFolder();
    const jobId = "5f0c3b52-8a0e-4b1c-9d7e-2f6a1b3c4d5e";
    mkdirSync(join(runsDir, jobId));
    const status = { job_id: jobId, status: "completed", created_at: "2025-03-01T09:30:00.123456" };
    writeFileSync(join(runsDir, jobId, "status.json"), JSON.stringify(status));
    const other = await startServer({ runsDir });
    expect((await remove(jobId, other)).status).toBe(204);
    expect(runsIn(runsDir)).toEqual([]);
  });

  test("whose directory somebody has removed is not found, and nothing is told twice", async () => {
    const { job_id } = await run(server(), "basic:succeeds");
    rmSync(directoryOf(job_id), { recursive: true });
    expect((await remove(job_id)).status).toBe(404);
    expect(removalsTold(server()).filter((line) => line.job_id === job_id)).toEqual([]);
  });
});

describe("a job that has not ended", () => {
  test("is refused while it waits and while it runs, and says what to do", async () => {
    const other = await startServer({ args: ["--concurrency", "1"] });
    const path = join(await temporaryFolder(), "go");
    const running = await submit(other, "basic:waits_for_file", { path });
    const waiting = await submit(other, "basic:succeeds");
    await reached(other, running, "running");
    for (const jobId of [running, waiting]) {
      const { status, detail } = await remove(jobId, other);
      expect({ status, detail }).toEqual({
        status: 409,
        detail: `Job ${jobId} has not ended: POST /jobs/${jobId}/cancel first, or wait`,
      });
    }
    writeFileSync(path, "");
    for (const jobId of [running, waiting]) expect((await ended(other, jobId)).status).toBe("completed");
  });

  test.each(["none", "../x", "%2e%2e%2fx", ".trash-x", ".events", "x".repeat(200)])(
    "and one that there is not, such as %s, is none",
    async (jobId) => {
      expect([404]).toContain((await remove(jobId)).status);
      expect(existsSync(join(server().runsDir, ".events"))).toBe(true);
    },
  );
});

test("a job whose FIFO a shim still holds stays, though its status is final", async () => {
  const { job_id } = await run(server(), "basic:succeeds");
  const claim = join(directoryOf(job_id), "claim");
  const stat = readFileSync(`/proc/${process.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const mine = { ...claimOf(server().runsDir, job_id), pid: process.pid, start_time_ticks: Number(stat[19]) };
  writeFileSync(claim, `${JSON.stringify(mine, null, 2)}\n`);
  const held = openSync(join(directoryOf(job_id), "alive"), constants.O_RDONLY | constants.O_NONBLOCK);
  const { status, detail } = await remove(job_id);
  closeSync(held);
  expect({ status, detail }).toEqual({ status: 409, detail: expect.stringContaining("try again") });
  expect((await remove(job_id)).status).toBe(204);
});

test("a FIFO that is held by somebody else, a backup for example, keeps no job", async () => {
  const { job_id } = await run(server(), "basic:succeeds");
  const held = openSync(join(directoryOf(job_id), "alive"), constants.O_RDONLY | constants.O_NONBLOCK);
  expect((await remove(job_id)).status).toBe(204);
  closeSync(held);
});

test("a job whose strays were let go on is removed under them", async () => {
  const other = await startServer({ args: ["--keep-strays"] });
  const { job_id } = await run(other, "stubborn:leaves_strays");
  const strays = processesOf(other.runsDir, job_id).length;
  expect(strays).toBeGreaterThan(0);
  expect((await remove(job_id, other)).status).toBe(204);
  await emptied(other);
  expect(runsIn(other.runsDir)).toEqual([]);
  expect(processesOf(other.runsDir, job_id)).toHaveLength(strays);
});

describe("what is not ours stays", () => {
  test("links in a run directory are removed, what they lead to is not", async () => {
    const precious = await temporaryFolder();
    writeFileSync(join(precious, "file"), "untouched");
    const { job_id } = await run(server(), "basic:succeeds");
    symlinkSync(precious, join(directoryOf(job_id), "folder"));
    symlinkSync(join(precious, "file"), join(directoryOf(job_id), "file"));
    expect((await remove(job_id)).status).toBe(204);
    await emptied();
    expect(readFileSync(join(precious, "file"), "utf8")).toBe("untouched");
  });

  test("a link in a run directory's place is removed, what it leads to is not", async () => {
    const precious = await temporaryFolder();
    writeFileSync(join(precious, "file"), "untouched");
    const { job_id } = await run(server(), "basic:succeeds");
    renameSync(directoryOf(job_id), join(precious, "moved"));
    symlinkSync(precious, directoryOf(job_id));
    writeFileSync(join(precious, "pinned"), "");
    expect((await ask(server(), "DELETE", `/jobs/${job_id}/pin`)).status).toBe(204);
    expect(readdirSync(precious).toSorted()).toEqual(["file", "moved", "pinned"]);
    rmSync(join(precious, "pinned"));
    expect((await ask(server(), "PUT", `/jobs/${job_id}/pin`)).status).toBe(404);
    expect((await remove(job_id)).status).toBe(204);
    await emptied();
    expect(existsSync(directoryOf(job_id))).toBe(false);
    expect(readdirSync(precious).toSorted()).toEqual(["file", "moved"]);
    expect(readdirSync(join(precious, "moved"))).toContain("job.json");
  });

  test("at the start, what merely looks like trash from afar is left alone", async () => {
    const runsDir = await temporaryFolder();
    for (const name of ["trash-x", ".trash", ".trashed", "a folder", ".git"]) mkdirSync(join(runsDir, name));
    writeFileSync(join(runsDir, "notes.txt"), "");
    const other = await startServer({ runsDir });
    const { job_id } = await run(other, "basic:succeeds");
    await remove(job_id, other);
    await emptied(other);
    expect(readdirSync(runsDir)).toEqual(
      expect.arrayContaining(["trash-x", ".trash", ".trashed", "a folder", ".git", "notes.txt"]),
    );
  });
});

test("what a killed server had in its trash goes at the next start, and is no job", async () => {
  const runsDir = await temporaryFolder();
  const precious = await temporaryFolder();
  writeFileSync(join(precious, "file"), "");
  const jobId = "20260101-000000-aaaaaaaaaa";
  const directory = await plantEnded(runsDir, jobId);
  renameSync(directory, join(runsDir, `.trash-${jobId}.abcdefghij`));
  mkdirSync(join(runsDir, ".trash-half/deleted/already"), { recursive: true });
  writeFileSync(join(runsDir, ".trash-file"), "");
  symlinkSync(precious, join(runsDir, ".trash-link"));
  const other = await startServer({ runsDir });
  expect((await send(other, "/jobs")).body.total).toBe(0);
  await emptied(other);
  expect(readdirSync(precious)).toEqual(["file"]);
});

test("a run of many files and folders is gone at once, and others are answered meanwhile", async () => {
  const { job_id } = await run(server(), "basic:succeeds");
  const program =
    "import os\nfor a in range(50):\n os.makedirs('f%d/g' % a)\n" +
    " for b in range(200): open('f%d/g/%d' % (a, b), 'w').close()";
  execFileSync("python3", ["-c", program], { cwd: directoryOf(job_id) });
  expect((await remove(job_id)).status).toBe(204);
  expect(trashIn(server().runsDir)).toHaveLength(1);
  expect((await run(server(), "basic:succeeds")).status).toBe("completed");
  await emptied();
});

describe("a run directory that cannot be moved", () => {
  test("since something is mounted on it gets 409, and stays as it is", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "needs to mount");
    const runsDir = await temporaryFolder();
    const jobId = "20260101-000000-aaaaaaaaaa";
    const directory = await plantEnded(runsDir, jobId);
    const command = inNamespaces(["--mount"], `mount --bind '${directory}' '${directory}'`);
    const other = await startServer({ runsDir, command });
    const { status, detail } = await remove(jobId, other);
    expect({ status, detail }).toEqual({ status: 409, detail: expect.stringContaining("EBUSY") });
    expect((await send(other, `/jobs/${jobId}`)).body.status).toBe("completed");
    expect(trashIn(runsDir)).toEqual([]);
  });

  test.each([
    ["EROFS", 503],
    ["EACCES", 503],
    ["EIO", 503],
    ["ENOSPC", 507],
    ["EXDEV", 409],
    ["EPERM", 409],
    ["ESTALE", 409],
    ["ETIMEDOUT", 503],
  ])("for %s gets %i, and stays as it is", async (code, expected) => {
    const inject = `--inject=rename,renameat,renameat2:error=${code}`;
    const strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "--detach-on=execve", inject];
    const runsDir = await temporaryFolder();
    const jobId = "20260101-000000-aaaaaaaaaa";
    await plantEnded(runsDir, jobId);
    const other = await startServer({
      runsDir,
      command: [...strace, process.execPath, join(home, "src", "main.ts")],
    });
    expect((await remove(jobId, other)).status).toBe(expected);
    expect((await send(other, `/jobs/${jobId}`)).body.status).toBe("completed");
    expect(runsIn(runsDir)).toEqual([jobId]);
  });

  test("since the runs directory is away gets 503, and is known when it is back", async () => {
    const folder = await temporaryFolder();
    const runsDir = join(folder, "runs");
    mkdirSync(runsDir);
    const other = await startServer({ runsDir });
    const { job_id } = await run(other, "basic:succeeds");
    renameSync(runsDir, join(folder, "elsewhere"));
    expect((await remove(job_id, other)).status).toBe(503);
    for (const method of ["PUT", "GET", "DELETE"])
      expect((await ask(other, method, `/jobs/${job_id}/pin`)).status).toBe(503);
    renameSync(join(folder, "elsewhere"), runsDir);
    expect((await remove(job_id, other)).status).toBe(204);
  });
});

test("an ordinary user's server removes what a job has made read-only", async ({ skip }) => {
  const nobody = 65534;
  skip(process.getuid?.() !== 0, "every other test runs as an ordinary user");
  const runsDir = await temporaryFolder();
  execFileSync("chown", [`${nobody}:${nobody}`, runsDir]);
  chmodSync(runsDir, 0o700);
  const asNobody = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];
  const other = await startServer({
    runsDir,
    command: [...asNobody, join(home, "bin", "quant-runs")],
    env: { QUANT_RUNS_PYTHON: "/usr/bin/python3", HOME: "/nonexistent" },
  });
  const { job_id, status } = await run(other, "hostile:leaves_read_only_folders");
  expect(status).toBe("completed");
  chmodSync(directoryOf(job_id, other), 0o500);
  expect((await remove(job_id, other)).status).toBe(204);
  await emptied(other);
  expect(runsIn(runsDir)).toEqual([]);
});

describe("whoever is there while a job is removed", () => {
  test("sees it whole or not at all, and of many removals one does it", async () => {
    for (let count = 0; count < 10; count++) {
      const { job_id } = await run(server(), "artifacts:leaves", { files: { "a.txt": "some text" } });
      const whole = (await ask(server(), "GET", `/jobs/${job_id}`)).text;
      const paths = ["", "/logs/stdout", "/files", "/files/a.txt", "/result", "/pin"];
      const looks = Array.from({ length: 5 }, () =>
        paths.map((path) => ask(server(), "GET", `/jobs/${job_id}${path}`)),
      );
      const removals = Array.from({ length: 4 }, () => remove(job_id));
      const later = Array.from({ length: 5 }, () =>
        paths.map((path) => ask(server(), "GET", `/jobs/${job_id}${path}`)),
      );
      expect(statusesOf(await Promise.all(removals))).toEqual([204, 404, 404, 404]);
      for (const answer of await Promise.all([...looks, ...later].flat()))
        expect([200, 404]).toContain(answer.status);
      const shown = await Promise.all([...looks, ...later].map(([job]) => job));
      for (const answer of shown) if (answer?.status === 200) expect(answer.text).toBe(whole);
    }
    expect(server().log.filter((line) => /"msg":"[A-Z]+ \S* failed"/.test(line))).toEqual([]);
  });

  test("reads a file to its end", async () => {
    const text = "x".repeat(30_000_000);
    const { job_id } = await run(server(), "artifacts:leaves", { files: { "big.txt": "" } });
    writeFileSync(join(directoryOf(job_id), "big.txt"), text);
    const answer = await fetch(`${server().url}/jobs/${job_id}/files/big.txt`);
    expect((await remove(job_id)).status).toBe(204);
    await emptied();
    expect(await answer.text()).toBe(text);
  });

  test("follows a log and is let go at its end", async () => {
    const { job_id } = await run(server(), "logs:counts", { lines: 5, pause: 0 });
    const followers = ["/logs/stdout", "/events"].map((path) =>
      allEventsOf(server(), `/jobs/${job_id}${path}`).catch((error: unknown) => String(error)),
    );
    expect((await remove(job_id)).status).toBe(204);
    for (const told of await Promise.all(followers))
      if (typeof told === "string") expect(told).toContain("no stream: 404");
  });

  test("follows all jobs and is told of the next one", async () => {
    const stream = eventsOf(server(), "/events");
    await stream.next();
    const first = await run(server(), "basic:succeeds");
    expect((await remove(first.job_id)).status).toBe(204);
    const second = await run(server(), "basic:succeeds");
    for await (const { data } of stream)
      if (data.job_id === second.job_id && data.status === "completed") break;
    await stream.return(undefined);
  });

  test("waits for its end and learns that it is gone or how it ended", async () => {
    const path = join(await temporaryFolder(), "go");
    const jobId = await submit(server(), "basic:waits_for_file", { path });
    const waiting = Array.from({ length: 10 }, () =>
      ask(server(), "GET", `/jobs/${jobId}`, { prefer: "wait=50" }),
    );
    await reached(server(), jobId, "running");
    writeFileSync(path, "");
    await ended(server(), jobId);
    expect((await remove(jobId)).status).toBe(204);
    for (const { status } of await Promise.all(waiting)) expect([200, 404]).toContain(status);
  });
});

test("a token that is for reading alone removes and pins nothing, one of the scope run is named", async () => {
  const tokens = join(await temporaryFolder(), "tokens");
  writeFileSync(tokens, "ci run run-token\nboard read read-token\n");
  const runsDir = await temporaryFolder();
  const jobId = "20260101-000000-aaaaaaaaaa";
  await plantEnded(runsDir, jobId);
  const other = await startServer({ runsDir, args: ["--token-file", tokens] });
  const by = (token: string, method: string, path: string) =>
    ask(other, method, path, { authorization: `Bearer ${token}` });
  for (const [method, path] of [
    ["DELETE", `/jobs/${jobId}`],
    ["PUT", `/jobs/${jobId}/pin`],
    ["DELETE", `/jobs/${jobId}/pin`],
  ] as const) {
    expect((await by("read-token", method, path)).status).toBe(403);
    expect((await ask(other, method, path)).status).toBe(401);
  }
  expect((await by("read-token", "GET", `/jobs/${jobId}/pin`)).text).toBe('{"pinned":false}');
  expect(runsIn(runsDir)).toEqual([jobId]);
  expect((await by("run-token", "DELETE", `/jobs/${jobId}`)).status).toBe(204);
  await waitFor(() => expect(removalsTold(other)).toMatchObject([{ token: "ci", job_id: jobId }]));
});
