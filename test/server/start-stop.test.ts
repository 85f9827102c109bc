import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openSocket, postText } from "../http/raw.ts";
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
import { isSilent, type Program, startProgram } from "./program.ts";

/** `npm start` in the repository's folder, on a free port. */
async function npmStart(runsDir: string): Promise<Program> {
  return startProgram("npm", ["start"], {
    cwd: home,
    env: { PORT: "0", HOST: "127.0.0.1", QUANT_RUNS_DIR: runsDir },
  });
}

const signals = ["SIGTERM", "SIGINT"] as const;

test.each(signals)("npm start serves until %s, and its jobs run on without it", async (signal) => {
  const runsDir = await temporaryFolder();
  const path = join(await temporaryFolder(), "go");
  const npm = await npmStart(runsDir);
  const server = await npm.listening();
  expect((await send(server, "/health")).body.status).toBe("healthy");
  const jobId = await submit(server, "basic:waits_for_file", { path });
  await reached(server, jobId, "running");
  const claim = readFileSync(join(runsDir, jobId, "claim"), "utf8");

  process.kill(npm.pid, signal);
  expect(await npm.ended).toBe(0);
  expect(await isSilent(server)).toBe(true);
  expect(JSON.parse(readFileSync(join(runsDir, jobId, "status.json"), "utf8")).status).toBe("running");

  const next = await startServer({ runsDir });
  expect(await reached(next, jobId, "running")).toMatchObject({ error: null });
  writeFileSync(path, "");
  expect(await ended(next, jobId)).toMatchObject({ status: "completed", result: { result: "found" } });
  expect(readFileSync(join(runsDir, jobId, "claim"), "utf8")).toBe(claim);
  expect((await send<{ jobs: Job[] }>(next, "/jobs")).body.jobs).toHaveLength(1);
});

test("what a terminal sends to the whole group ends the server and no job", async () => {
  const runsDir = await temporaryFolder();
  const path = join(await temporaryFolder(), "go");
  const npm = await npmStart(runsDir);
  const server = await npm.listening();
  const jobId = await submit(server, "basic:waits_for_file", { path });
  await reached(server, jobId, "running");
  process.kill(-npm.pid, "SIGINT");
  await npm.ended;
  await waitFor(async () => expect(await isSilent(server)).toBe(true));
  writeFileSync(path, "");
  expect((await ended(await startServer({ runsDir }), jobId)).status).toBe("completed");
});

test.each(signals)("a job that waits when %s comes starts with the next server", async (signal) => {
  const path = join(await temporaryFolder(), "go");
  const server = await startServer({ args: ["--concurrency", "1"] });
  const first = await submit(server, "basic:waits_for_file", { path });
  const second = await submit(server, "basic:succeeds");
  await reached(server, first, "running");
  process.kill(server.pid, signal);
  await waitFor(async () => expect(await isSilent(server)).toBe(true));
  writeFileSync(path, "");
  const next = await startServer({ runsDir: server.runsDir });
  for (const jobId of [first, second]) expect((await ended(next, jobId)).status).toBe("completed");
});

test("connections that are still open do not hold up the end", async () => {
  const server = await startServer();
  expect((await fetch(server.url)).status).toBe(200); // stays open, as fetch keeps its connections
  const idle = await openSocket(server);
  const halfway = await openSocket(server);
  onTestFinished(() => {
    for (const socket of [idle, halfway]) socket.destroy();
  });
  halfway.write(postText(["Content-Length: 99"], "{"));
  await run(server, "basic:succeeds");
  expect(await server.stop()).toBe(0);
});

test("a second signal ends the server at once", async () => {
  const server = await startServer();
  const halfway = await openSocket(server);
  onTestFinished(() => void halfway.destroy());
  halfway.write(postText(["Content-Length: 99"], "{"));
  await run(server, "basic:succeeds");
  const code = server.stop();
  process.kill(server.pid, "SIGINT");
  expect(await code).toBe(1);
});

test("the log has one JSON line for each thing that happens", async () => {
  const server = await startServer();
  const { job_id } = await run(server, "basic:succeeds");
  await server.stop();
  await waitFor(() => expect(server.log.at(-1)).toContain('"stopping')); // which may be read after its end is known
  const lines = server.log.map((line) => JSON.parse(line));
  for (const { level, time } of lines) {
    expect(level).toBe("info");
    expect(new Date(time).toISOString()).toBe(time);
  }
  const inOrder = lines.filter(({ msg }) => msg !== "jobs start warm"); // which is told when it comes to be so
  expect(inOrder.map(({ msg, job_id }) => [msg, job_id])).toEqual([
    ["listening", undefined],
    [expect.stringMatching(/^limits of memory and processes are kept by /), undefined],
    ["job accepted", job_id],
    ["job submitted by a client", job_id],
    ["job running", job_id],
    ["job completed", job_id],
    ["stopping; jobs run on", undefined],
  ]);
  expect(lines.at(-1)).toMatchObject({ signal: "SIGTERM" });
});

test("--log-level debug shows each step of a job", async () => {
  const debug = await startServer({ args: ["--log-level", "debug"] });
  const { job_id } = await run(debug, "basic:succeeds");
  await waitFor(() =>
    expect(debug.log.join()).toMatch(/job completed.*shim ended|shim ended.*job completed/),
  );
  const steps = debug.log.map((line) => JSON.parse(line)).filter((line) => line.job_id === job_id);
  const messages = steps.map(({ msg }) => msg);
  for (const step of ["job accepted", "observed: ended", "shim started", "job running", "job completed"]) {
    expect(messages).toContain(step);
  }
  expect(steps.find(({ msg }) => msg === "shim started").pid).toEqual(expect.any(Number));
  expect(messages.indexOf("job accepted")).toBeLessThan(messages.indexOf("shim started"));
  expect(messages.indexOf("shim started")).toBeLessThan(messages.indexOf("job completed"));
});

test("a server whose reader has gone serves on", async () => {
  const runsDir = await temporaryFolder();
  const command = `"${join(home, "bin", "quant-runs")}" serve --port 0 | head -n 1`;
  const shell = startProgram("sh", ["-c", command], { cwd: fixtures, env: { QUANT_RUNS_DIR: runsDir } });
  const server = await shell.listening();
  for (let count = 0; count < 3; count++) {
    expect((await run(server, "basic:succeeds")).status).toBe("completed");
  }
});
