import { closeSync, constants, cpSync, openSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claimOf, processesOf } from "../support/processes.ts";
import {
  ended,
  fixtures,
  reached,
  run,
  type ServerOptions,
  send,
  startServer,
  submit,
  type TestServer,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";
import { becomesWarm, livingTemplateOf, startWarmServer } from "./warm-server.ts";

async function resultOf(server: TestServer, entrypoint: string): Promise<unknown> {
  const { result, error } = await run(server, entrypoint);
  expect(error).toBeNull();
  return (result as { result: unknown }).result;
}

/** A folder of modules that a test may change, and what a server needs to import two of them ahead. */
async function ownModules(): Promise<{ folder: string; imports: string; options: ServerOptions }> {
  const folder = await temporaryFolder();
  for (const name of ["surroundings.py", "imported_ahead.py"])
    cpSync(join(fixtures, name), join(folder, name));
  const imports = join(folder, "imports");
  const env = {
    PYTHONPATH: folder,
    IMPORTS: imports,
    QUANT_RUNS_PRELOAD: "surroundings, imported_ahead",
    PYTHONDONTWRITEBYTECODE: "1", // by which Python itself takes a file of the same size and second for the one it has read
  };
  return { folder, imports, options: { env, cwd: folder } };
}

/** Waits until a job is forked from a template again: what has just been written is not trusted at once. */
function startsWarm(server: TestServer): Promise<void> {
  return waitFor(async () => expect(await resultOf(server, "surroundings:is_warm")).toBe(true));
}

test("what is imported ahead is imported once for all jobs", async () => {
  const { options } = await ownModules();
  const server = await startWarmServer(options);
  await startsWarm(server);
  const first = await resultOf(server, "surroundings:imported");
  expect(await resultOf(server, "surroundings:imported")).toEqual(first);
});

test("no job runs what a file said before it was changed", async () => {
  const { folder, options } = await ownModules();
  const server = await startWarmServer(options);
  await startsWarm(server);
  expect(await resultOf(server, "surroundings:imported")).toEqual([expect.anything(), "first"]);
  const path = join(folder, "imported_ahead.py");
  const text = readFileSync(path, "utf8");
  for (const says of ["other", "third"]) {
    writeFileSync(path, text.replace('"first"', `"${says}"`)); // of the same size
    expect(await resultOf(server, "surroundings:imported")).toEqual([expect.anything(), says]);
  }
  await startsWarm(server);
  expect(await resultOf(server, "surroundings:imported")).toEqual([expect.anything(), "third"]);
});

test("a module that comes to stand before another is found", async () => {
  const { folder, options } = await ownModules();
  const server = await startWarmServer(options);
  await startsWarm(server);
  writeFileSync(join(folder, "calendar.py"), "def own():\n    return 'the own calendar'\n");
  expect(await resultOf(server, "calendar:own")).toBe("the own calendar");
});

test("a folder that a job writes results to leaves the template as it is", async () => {
  const { folder, options } = await ownModules();
  const server = await startWarmServer(options);
  await startsWarm(server);
  const template = livingTemplateOf(server);
  writeFileSync(join(folder, "results.csv"), "1\n");
  expect(await resultOf(server, "surroundings:is_warm")).toBe(true);
  expect(livingTemplateOf(server)).toBe(template);
});

test("an old date does not hide that a file was changed", async () => {
  const { folder, options } = await ownModules();
  const server = await startWarmServer(options);
  await startsWarm(server);
  const path = join(folder, "imported_ahead.py");
  writeFileSync(path, readFileSync(path, "utf8").replace('"first"', '"other"'));
  utimesSync(path, new Date(0), new Date(0));
  expect(await resultOf(server, "surroundings:imported")).toEqual([expect.anything(), "other"]);
});

test("a template that is killed takes no job along, and another one comes", async () => {
  const server = await startWarmServer();
  const running = await submit(server, "stubborn:sleeps");
  await reached(server, running, "running");
  process.kill(livingTemplateOf(server), "SIGKILL");
  expect(await resultOf(server, "surroundings:is_warm")).toBe(false);
  expect(processesOf(server.runsDir, running)).not.toHaveLength(0);
  await becomesWarm(server, 2);
  expect(await resultOf(server, "surroundings:is_warm")).toBe(true);
  await send(server, `/jobs/${running}/cancel`, {});
  expect((await ended(server, running)).failure?.reason).toBe("cancelled");
});

test("a template ends with its server, however that ends; its jobs do not", async () => {
  const server = await startWarmServer();
  const template = livingTemplateOf(server);
  const running = await submit(server, "stubborn:sleeps");
  await reached(server, running, "running");
  const shim = claimOf(server.runsDir, running).pid;
  await server.kill();
  await waitFor(() => expect(() => process.kill(template, 0)).toThrow());
  expect(process.kill(shim, 0)).toBe(true);
  const next = await startWarmServer({ runsDir: server.runsDir });
  expect((await send(next, `/jobs/${running}`)).body.status).toBe("running");
  const second = livingTemplateOf(next);
  await next.stop();
  await waitFor(() => expect(() => process.kill(second, 0)).toThrow());
  expect(process.kill(shim, 0)).toBe(true);
});

test("a template that is stopped holds no job up for ever", async () => {
  const server = await startWarmServer();
  const template = livingTemplateOf(server);
  process.kill(template, "SIGSTOP");
  expect(await resultOf(server, "surroundings:is_warm")).toBe(false);
  expect(() => process.kill(template, 0)).toThrow();
});

test("a module that cannot be imported ahead is told in the log, and jobs that need it fail by themselves", async () => {
  const server = await startWarmServer({ env: { QUANT_RUNS_PRELOAD: "raises_on_import,exits_on_import" } });
  await waitFor(() =>
    expect(server.log.join("\n")).toMatch(/not imported ahead: raises_on_import.*ValueError/),
  );
  expect(server.log.join("\n")).toContain("not imported ahead: exits_on_import");
  expect(await resultOf(server, "surroundings:is_warm")).toBe(true);
  expect((await run(server, "raises_on_import:anything")).failure?.reason).toBe("entrypoint");
});

test("what an import leaves behind is there for each job", async () => {
  const server = await startWarmServer({ env: { QUANT_RUNS_PRELOAD: "meddles_on_import" } });
  const expected = { file: true, stream: true, path: true, signals: [15] };
  for (const count of [1, 2]) {
    expect(await resultOf(server, "meddles_on_import:finds_all"), `job ${count}`).toEqual(expected);
  }
  expect(await resultOf(server, "surroundings:is_warm")).toBe(true);
});

test.each([
  ["changes_folder_on_import", "an import changes the working directory"],
  ["forks_on_import", "an import leaves a process of its own"],
  ["aborts_on_import", "the template ended (SIGABRT)"],
  ["polls_on_import", "an import leaves anon_inode:[eventpoll] open, which all jobs would share"],
  ["shares_memory_on_import", "an import maps /dev/zero (deleted), which all jobs would share"],
  ["makes_folder_on_import", `an import makes ${tmpdir()}/`],
  ["opens_temporary_on_import", `an import leaves ${tmpdir()}/`],
  ["changes_priority_on_import", "an import changes the niceness"],
  ["aborts_forks", "an import makes forks end with SIGABRT"],
])("a module that %s makes no template, which the log tells", async (module, reason) => {
  const env = { QUANT_RUNS_WARM: "on", QUANT_RUNS_PRELOAD: module, ABORTS_IF: fixtures };
  const server = await startServer({ env });
  await waitFor(() => expect(server.log.join("\n")).toContain(`jobs start cold: ${reason}`));
  expect(await resultOf(server, "surroundings:is_warm")).toBe(false);
});

test("a template that is stopped hides no end of its jobs", async () => {
  const server = await startWarmServer({ args: ["--concurrency", "1"] });
  const running = await submit(server, "patient:waits_for", { name: "end" });
  await reached(server, running, "running");
  process.kill(livingTemplateOf(server), "SIGSTOP");
  const waiting = await submit(server, "surroundings:is_warm");
  writeFileSync(join(server.runsDir, running, "end"), "");
  expect((await ended(server, waiting)).result).toEqual({ result: false });
  expect((await ended(server, running)).status).toBe("completed");
});

test("a shim that is killed while its template is stopped is missed, though somebody else holds its FIFO", async () => {
  const server = await startWarmServer({ args: ["--concurrency", "1"] });
  const jobId = await submit(server, "stubborn:sleeps");
  await reached(server, jobId, "running");
  const reader = openSync(join(server.runsDir, jobId, "alive"), constants.O_RDONLY | constants.O_NONBLOCK);
  const template = livingTemplateOf(server);
  process.kill(template, "SIGSTOP");
  process.kill(claimOf(server.runsDir, jobId).pid, "SIGKILL");
  expect((await ended(server, jobId)).failure?.reason).toBe("lost");
  process.kill(template, "SIGCONT");
  closeSync(reader);
});

test("a module that starts a thread makes no template: a fork would leave the thread behind", async () => {
  const server = await startServer({ env: { QUANT_RUNS_WARM: "on", QUANT_RUNS_PRELOAD: "starts_thread" } });
  await waitFor(() => expect(server.log.join("\n")).toContain("jobs start cold: the thread ticker"));
  expect(await resultOf(server, "surroundings:is_warm")).toBe(false);
});

test("what differs for one job starts cold", async () => {
  const server = await startWarmServer({ env: { QUANT_RUNS_ALLOW_ENV: "TZ", QUANT_RUNS_PRELOAD: "json" } });
  const ask = async (member: object) => {
    const { body } = await send<{ job_id: string }>(server, "/jobs", {
      entrypoint: "surroundings:is_warm",
      ...member,
    });
    return (await ended(server, body.job_id)).result;
  };
  expect(await ask({ env: { TZ: "Asia/Tokyo" } })).toEqual({ result: false });
  expect(await ask({ memory_bytes: 512 * 1024 * 1024 })).toEqual({ result: false });
  expect(await ask({ open_files: 100 })).toEqual({ result: true });
});
