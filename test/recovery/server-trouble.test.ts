import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { inNamespaces } from "../support/namespaces.ts";
import { claimOf, exitOf } from "../support/processes.ts";
import {
  ended,
  fixtures,
  home,
  type Job,
  reached,
  run,
  send,
  startServer,
  submit,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

/** Two jobs that wait for a file each, both running. */
async function twoJobs(server: Awaited<ReturnType<typeof startServer>>) {
  const folder = await temporaryFolder();
  const paths = [join(folder, "first"), join(folder, "second")] as const;
  const jobIds = [];
  for (const path of paths) {
    const jobId = await submit(server, "basic:waits_for_file", { path });
    await reached(server, jobId, "running");
    jobIds.push(jobId);
  }
  const [first = "", second = ""] = jobIds;
  return { first, second, paths };
}

test("a server that was stopped for a while takes nobody's silence for death", async () => {
  const server = await startServer({ args: ["--concurrency", "2"] });
  const { first, second, paths } = await twoJobs(server);
  process.kill(server.pid, "SIGSTOP");
  writeFileSync(paths[0], "");
  await waitFor(() => exitOf(server.runsDir, first));
  process.kill(server.pid, "SIGCONT");
  expect(await ended(server, first)).toMatchObject({ status: "completed", result: { result: "found" } });
  expect((await send<Job>(server, `/jobs/${second}`)).body.status).toBe("running");
  writeFileSync(paths[1], "");
  expect((await ended(server, second)).status).toBe("completed");
});

test.each([
  ["an exception", "SIGUSR2", "planted: thrown"],
  ["a rejection", "SIGWINCH", "planted: rejected"],
] as const)("a server ends at %s that nobody foresaw, and costs no job", async (_what, signal, message) => {
  const planted = join(fixtures, "planted.mjs");
  const command = [process.execPath, "--import", planted, join(home, "src", "main.ts")];
  const server = await startServer({ args: ["--concurrency", "2"], command });
  const { first, second, paths } = await twoJobs(server);
  process.kill(server.pid, signal);
  const { exitCode, stderr } = await server.ended;
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain(message);
  writeFileSync(paths[0], "");
  await waitFor(() => exitOf(server.runsDir, first));
  const next = await startServer({ runsDir: server.runsDir });
  expect((await ended(next, first)).status).toBe("completed");
  expect((await send<Job>(next, `/jobs/${second}`)).body.status).toBe("running");
  writeFileSync(paths[1], "");
  expect((await ended(next, second)).status).toBe("completed");
});

test("a container that is stopped takes its jobs along, and they are told as lost", async () => {
  const command = inNamespaces(["--pid", "--fork", "--mount-proc", "--kill-child"], "");
  const server = await startServer({ command });
  const jobId = await submit(server, "stubborn:sleeps");
  await reached(server, jobId, "running");
  await server.kill();
  const next = await startServer({ runsDir: server.runsDir });
  const job = await ended(next, jobId);
  expect(job).toMatchObject({ status: "failed", failure: { reason: "lost" } });
});

test.each([
  ["nothing is in its place", false],
  ["an empty mount point is in its place", true],
])("a runs directory that goes away costs nothing when it is back: %s", async (_what, isMountPoint) => {
  const runsDir = join(await temporaryFolder(), "runs");
  const server = await startServer({ runsDir, args: ["--concurrency", "2"] });
  const known = await run(server, "basic:succeeds");
  const { first, second, paths } = await twoJobs(server);
  renameSync(runsDir, `${runsDir}.elsewhere`);
  if (isMountPoint) mkdirSync(runsDir);
  const health = await send(server, "/health");
  expect(health).toMatchObject({ status: 503, body: { detail: expect.stringContaining("away") } });
  expect(health.headers.get("retry-after")).toBe("1");
  expect((await send(server, "/jobs", { entrypoint: "basic:succeeds" })).status).toBe(503);
  expect((await send(server, `/jobs/${known.job_id}`)).body.status).toBe("completed");
  expect((await send(server, "/jobs")).body).toMatchObject({ count: 3, total: 3 });
  await waitFor(() => expect(server.log.join("\n")).toContain("the watcher is blind"));
  expect((await send(server, "/health")).status).toBe(503);
  if (isMountPoint) rmdirSync(runsDir);
  renameSync(`${runsDir}.elsewhere`, runsDir);
  expect((await send(server, "/health")).status).toBe(200);
  expect((await send<Job>(server, `/jobs/${second}`)).body.status).toBe("running");
  for (const path of paths) writeFileSync(path, "");
  for (const jobId of [first, second]) expect((await ended(server, jobId)).status).toBe("completed");
  expect((await send<Job>(server, `/jobs/${known.job_id}`)).body).toEqual(known);
});

test("a server that has run out of descriptors loses no job and recovers", async () => {
  const command = ["prlimit", "--nofile=48:48", join(home, "bin", "quant-runs")];
  const server = await startServer({ command, args: ["--concurrency", "2"] });
  const answers = await Promise.all(
    Array.from({ length: 150 }, (_, number) =>
      send<Job>(server, "/jobs", { entrypoint: "basic:succeeds", parameters: { number } }).catch(
        () => undefined,
      ),
    ),
  );
  const statuses = new Set(answers.map((answer) => answer?.status));
  expect([201, 503, undefined]).toEqual(expect.arrayContaining([...statuses]));
  const accepted = answers.flatMap((answer) => (answer?.status === 201 ? answer.body.job_id : []));
  for (const jobId of accepted) expect((await ended(server, jobId)).status).toBe("completed");
  const last = await waitFor(() => submit(server, "basic:succeeds"));
  expect((await ended(server, last)).status).toBe("completed");
});

test("a reader of the FIFO keeps no dead shim alive", async () => {
  const server = await startServer();
  const jobId = await submit(server, "stubborn:sleeps");
  await reached(server, jobId, "running");
  const reader = openSync(join(server.runsDir, jobId, "alive"), constants.O_RDONLY | constants.O_NONBLOCK);
  process.kill(claimOf(server.runsDir, jobId).pid, "SIGKILL");
  expect((await ended(server, jobId)).failure?.reason).toBe("lost");
  closeSync(reader);
});

test("a job whose shim dies while the runs directory is away is lost when that is back", async () => {
  const runsDir = join(await temporaryFolder(), "runs");
  const server = await startServer({ runsDir });
  const jobId = await submit(server, "stubborn:sleeps");
  await reached(server, jobId, "running");
  const { pid } = claimOf(runsDir, jobId);
  renameSync(runsDir, `${runsDir}.elsewhere`);
  process.kill(pid, "SIGKILL");
  await waitFor(() => expect(server.log.join("\n")).toContain("cannot stay with the job"));
  renameSync(`${runsDir}.elsewhere`, runsDir);
  expect((await ended(server, jobId)).failure?.reason).toBe("lost");
});

test("a server with few descriptors finds every job there is", async () => {
  const first = await startServer({ args: ["--concurrency", "1"] });
  const path = join(await temporaryFolder(), "go");
  const jobIds = [await submit(first, "basic:waits_for_file", { path })];
  for (let count = 0; count < 100; count++) jobIds.push(await submit(first, "basic:returns_nothing"));
  await first.kill();
  const command = ["prlimit", "--nofile=48:48", join(home, "bin", "quant-runs")];
  const next = await startServer({ runsDir: first.runsDir, command, args: ["--concurrency", "4"] });
  await waitFor(async () => expect((await send(next, "/jobs?limit=0")).body.total).toBe(jobIds.length));
  writeFileSync(path, "");
  for (const jobId of jobIds) expect((await ended(next, jobId)).status).toBe("completed");
});

test("a log that nobody can write stops neither the jobs nor the server", async () => {
  const runsDir = await temporaryFolder();
  const program = join(home, "bin", "quant-runs");
  const server = execa("sh", ["-c", 'exec "$0" serve --port 0 > /dev/full', program], {
    env: { QUANT_RUNS_DIR: runsDir, PYTHONPATH: fixtures },
    reject: false,
  });
  onTestFinished(() => void server.kill("SIGKILL"));
  const url = await waitFor(() => {
    const found = /at (http:\S+),/.exec(readFileSync(join(runsDir, ".lock"), "utf8"))?.[1];
    if (found === undefined) throw new Error("not listening yet");
    return found;
  });
  for (let count = 0; count < 3; count++) {
    expect((await run({ url }, "basic:succeeds")).status).toBe("completed");
  }
  server.kill("SIGTERM");
  expect((await server).exitCode).toBe(0);
});
