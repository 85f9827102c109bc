import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  ended,
  fixtures,
  run,
  send,
  startServer,
  submit,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";
import { completed, expectRows, textOf } from "./rows.ts";

const namesakes = join(fixtures, "namesakes");

test("a callable may be a function, a class or an object, and each of them async", async () => {
  const name = { name: "EURUSD" };
  await expectRows(await startServer(), [
    ["a function", "basic:succeeds", name, completed(name)],
    ["a function that returns nothing", "basic:returns_nothing", {}, completed(null)],
    ["a lambda", "callables:nameless", name, completed(["lambda", name])],
    ["a partial", "callables:partial", name, completed({ fixed: 1, ...name })],
    ["a bound method", "callables:method", name, completed({ called: name })],
    ["a built-in", "builtins:dict", name, completed(name)],
    ["an async function", "basic:asynchronous", {}, completed("awaited")],
    ["a class that is called after it was made", "basic:Callable", name, completed({ called: name })],
    ["the same, inherited", "callables:HeirOfCallable", name, completed({ called: name })],
    ["a class with an async call", "basic:AsyncCallable", name, completed({ awaited: name })],
    ["a class that is only made", "basic:Constructed", name, completed("made of EURUSD")],
    ["a class whose object is awaited", "callables:ConstructedAwaitable", {}, completed("awaited")],
    ["an object that is called", "basic:instance", name, completed({ called: name })],
    ["a module of a package", "package.inner:names_itself", {}, completed(["package", "package.inner"])],
  ]);
});

test("no parameter's name collides with a name of the shim's", async () => {
  const names = "self job_id f directory entrypoint parameters target args kwargs cls value name".split(" ");
  const parameters = Object.fromEntries(names.map((name, index) => [name, index]));
  const more = JSON.parse('{"__proto__": 1, "constructor": {"__proto__": 2}, "not an identifier": 3, "": 4}');
  await expectRows(await startServer(), [
    ["declared", "callables:takes_awkward_names", parameters, completed(names.map((_, index) => index))],
    ["as they come", "callables:takes_anything", more, completed(more)],
    ["to __call__", "basic:Callable", { job_id: 1, f: 2 }, completed({ called: { job_id: 1, f: 2 } })],
  ]);
});

test("modules are found in the server's working directory first, then on PYTHONPATH", async () => {
  const [here, there] = [await temporaryFolder(), await temporaryFolder()];
  const source = (where: string) => `def where():\n    return ${JSON.stringify(where)}\n`;
  writeFileSync(join(here, "in_both.py"), source("working directory"));
  writeFileSync(join(there, "in_both.py"), source("PYTHONPATH"));
  writeFileSync(join(there, "in_one.py"), source("PYTHONPATH"));
  const server = await startServer({ cwd: here, env: { PYTHONPATH: `${there}:${fixtures}` } });
  await expectRows(server, [
    ["a module in both", "in_both:where", {}, completed("working directory")],
    ["a module on PYTHONPATH alone", "in_one:where", {}, completed("PYTHONPATH")],
  ]);
  const path = (await run(server, "callables:sees_path")).result?.result;
  expect(path).toEqual(expect.arrayContaining([here, there, fixtures]));
  expect(JSON.stringify(path)).not.toContain("shims");
});

test.each([
  ["in the working directory", { cwd: namesakes, env: { PYTHONPATH: undefined } }],
  ["in the working directory, which PYTHONPATH names too", { cwd: namesakes, env: { PYTHONPATH: ":" } }],
  ["on PYTHONPATH", { env: { PYTHONPATH: namesakes } }],
])("a user's modules %s may bear any name", async (_where, options) => {
  const owners = ["json", "signal", "socket", "values", "waiter"].map((name) => `the user's ${name}`);
  const traceback = expect.stringMatching(
    /^Traceback .*namesakes\.py", line \d+, in raises\n.*RuntimeError: told all the same\n$/s,
  );
  await expectRows(await startServer(options), [
    ["their own are found by the user's code", "namesakes:names_owners", {}, completed(owners)],
    ["a folder is taken for no module", "namesakes:knows_library_as_one", {}, completed(true)],
    ["an exception is still told", "namesakes:raises", {}, { status: "failed", failure: { traceback } }],
  ]);
});

test("sys.argv names the entrypoint alone, and standard input is empty", async () => {
  await expectRows(await startServer(), [
    ["sys.argv", "callables:sees_argv", {}, completed(["callables:sees_argv"])],
    ["standard input", "callables:reads_stdin", {}, completed("")],
  ]);
});

test("the environment names the run and holds no secret of the server's", async () => {
  const secrets = { QUANT_RUNS_TOKEN_FOR: "secret-1", QUANT_RUNS_TOKENS: "secret-2" };
  const server = await startServer({
    env: { ...secrets, QUANT_RUNS_JOB_ID: "another", OF_THE_USER: "kept" },
  });
  const job = await run(server, "callables:sees_environment");
  expect(job.result?.result).toMatchObject({
    QUANT_RUNS_RUN_DIR: join(server.runsDir, job.job_id),
    QUANT_RUNS_JOB_ID: job.job_id,
    OF_THE_USER: "kept",
  });
  expect(JSON.stringify(job.result)).not.toMatch(/secret-|another/);
});

test("output stands in the logs while the callable runs, flushed or not", async () => {
  const server = await startServer();
  const path = join(await temporaryFolder(), "go on");
  const jobId = await submit(server, "callables:prints_and_waits_for_file", { path });
  const log = (name: string) => textOf(server, { job_id: jobId }, name);
  await waitFor(() => expect(log("stdout.log")).toBe("to stdout\nhalf a line"));
  expect(log("stderr.log")).toBe("to stderr\n");
  expect((await send(server, `/jobs/${jobId}`)).body.status).toBe("running");
  writeFileSync(path, "");
  expect(await ended(server, jobId)).toMatchObject(completed(null));
});

test("a callable that forks and comes back twice answers once, as the job", async () => {
  await expectRows(await startServer(), [
    ["it returns", "callables:forks_and_comes_back_twice", {}, completed("the job")],
    ["it raises", "callables:forks_and_raises_twice", {}, { status: "failed", error: "the job" }],
  ]);
});

test("a callable may spawn a process pool of its own", async () => {
  const server = await startServer();
  expect(await run(server, "callables:spawns_process_pool")).toMatchObject(completed([1, 4, 9]));
});
