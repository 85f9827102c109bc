import { expect, test } from "vitest";
import { run, send, startServer } from "../support/server.ts";
import { completed, expectRows, textOf } from "./rows.ts";

/** SECONDS_TO_EXIT in waiter.py is what these jobs wait for: more of them at once than there are processors. */
const manySlots = { args: ["--concurrency", "8"] };

function failed(reason: string, error: unknown, facts: object = {}) {
  return { status: "failed", result: null, error, failure: { reason, ...facts } };
}

const raised = (type: string, error: unknown, facts: object = {}) =>
  failed("exception", error, { type, exit_code: 1, signal: null, ...facts });

const unusable = (type: string, error: unknown, facts: object = {}) =>
  failed("entrypoint", error, { type, exit_code: 1, signal: null, ...facts });

const exited = (exit_code: number, error: RegExp) =>
  failed("crashed", expect.stringMatching(error), { exit_code, signal: null });

const killed = (signal: string) =>
  failed("crashed", expect.stringMatching(new RegExp(`^Killed by ${signal} after \\d+\\.\\d s$`)), {
    exit_code: null,
    signal,
    type: null,
    traceback: null,
  });

test("an exception is told by its message, its class and its traceback", async () => {
  const untellable = (type: string) => `${type} (its message cannot be shown: str() raised)`;
  const odd = "\u{1f600} \u2028 \0 \ud800 é";
  await expectRows(await startServer(), [
    ["a message", "endings:raises", {}, raised("ValueError", "went wrong")],
    ["no message", "endings:raises_without_message", {}, raised("LookupError", "LookupError")],
    ["a key", "endings:raises_key_error", {}, raised("KeyError", "'missing'")],
    ["any Unicode", "endings:raises_unicode", {}, raised("ValueError", odd)],
    ["str() raises", "endings:raises_untellable", {}, raised("Untellable", untellable("Untellable"))],
    [
      "str() exits",
      "endings:raises_what_exits_when_told",
      {},
      raised("EndsTheInterpreterWhenTold", untellable("EndsTheInterpreterWhenTold")),
    ],
    ["a BaseException", "endings:raises_bare_base", {}, raised("BareBase", "not an Exception")],
    [
      "an interrupt",
      "endings:raises_keyboard_interrupt",
      {},
      raised("KeyboardInterrupt", "KeyboardInterrupt"),
    ],
    ["a generator's exit", "endings:raises_generator_exit", {}, raised("GeneratorExit", "closed")],
    ["async", "endings:raises_asynchronously", {}, raised("ValueError", "awaited in vain")],
    [
      "endless recursion",
      "endings:recurses",
      {},
      raised("RecursionError", expect.stringMatching(/^maximum recursion/)),
    ],
    [
      "a wrong keyword",
      "endings:takes_only",
      { slow: 1 },
      raised("TypeError", expect.stringMatching(/^takes_only\(\) got an unexpected keyword argument 'slow'/)),
    ],
    [
      "a missing one",
      "endings:takes_only",
      {},
      raised("TypeError", "takes_only() missing 1 required positional argument: 'fast'"),
    ],
  ]);
});

test("a traceback begins with the user's own code", async () => {
  const told = (traceback: RegExp) => ({ failure: { traceback: expect.stringMatching(traceback) } });
  const from = (name: string) =>
    new RegExp(`^Traceback \\(most recent call last\\):\n {2}File ".*endings\\.py", line \\d+, in ${name}\n`);
  await expectRows(await startServer(), [
    ["a function", "endings:raises", {}, told(from("raises"))],
    ["async", "endings:raises_asynchronously", {}, told(from("raises_asynchronously"))],
    ["str() raises", "endings:raises_untellable", {}, told(from("raises_untellable"))],
    ["str() exits", "endings:raises_what_exits_when_told", {}, told(from("raises_what_exits_when_told"))],
    [
      "at import",
      "raises_on_import:main",
      {},
      told(/^Traceback .*\n {2}File ".*raises_on_import\.py", line 1, /),
    ],
    ["a chain", "endings:raises_from_another", {}, told(/: the cause\n\nThe above.*Error: the effect\n$/s)],
  ]);
});

test("stderr.log tells the end's own story", async () => {
  const server = await startServer();
  const log = async (entrypoint: string, parameters = {}) =>
    textOf(server, await run(server, entrypoint, parameters), "stderr.log");
  expect(await log("endings:raises")).toMatch(/^Traceback .*ValueError: went wrong\n$/s);
  expect(await log("endings:exits", { code: "why" })).toBe("why\n");
  expect(await log("endings:segfaults")).toMatch(
    /^Fatal Python error: Segmentation fault\n.*endings\.py", line \d+ in segfaults\n/s,
  );
});

test("a huge message is cut in the record and whole in the log", async () => {
  const server = await startServer();
  const job = await run(server, "endings:raises_huge_message", { length: 3_000_000 });
  expect(job.error).toBe(`${"x".repeat(64 * 1024)}…`);
  expect(job.failure?.traceback).toHaveLength(64 * 1024);
  expect(textOf(server, job, "stderr.log")).toContain("x".repeat(3_000_000));
});

test("an entrypoint that cannot be used says why", async () => {
  const cut = (code: unknown) => `The module exited while it was imported: ${code}`;
  await expectRows(await startServer(), [
    [
      "no such module",
      "a_module_that_is_not_there:main",
      {},
      unusable("ModuleNotFoundError", "No module named 'a_module_that_is_not_there'"),
    ],
    [
      "its module imports one that is missing",
      "import_error:never",
      {},
      unusable("ModuleNotFoundError", "No module named 'a_module_that_is_not_there'"),
    ],
    [
      "a syntax error",
      "syntax_error:broken",
      {},
      unusable("SyntaxError", expect.stringMatching(/\(syntax_error\.py, line 1\)$/), {
        traceback: expect.stringContaining("def broken(:"),
      }),
    ],
    ["it raises", "raises_on_import:main", {}, unusable("ValueError", "no configuration")],
    ["it exits", "exits_on_import:main", {}, unusable("SystemExit", cut(3), { exit_code: 3 })],
    ["it exits cleanly", "exits_cleanly_on_import:main", {}, unusable("SystemExit", cut("SystemExit"))],
    ["not found", "basic:nope", {}, unusable("AttributeError", "module 'basic' has no attribute 'nope'")],
    [
      "not callable",
      "basic:not_callable",
      {},
      unusable("TypeError", "'basic:not_callable' is not callable: it is of type int"),
    ],
  ]);
});

test("a callable that exits is told by its code, whatever way it takes", async () => {
  const early = (code: number) =>
    new RegExp(`^Exited with code ${code} after \\d+\\.\\d s, before the callable had answered$`);
  const plain = (code: number) => new RegExp(`^Exited with code ${code} after \\d+\\.\\d s$`);
  await expectRows(await startServer(manySlots), [
    ["sys.exit(0)", "endings:exits", { code: 0 }, completed(null)],
    ["sys.exit()", "endings:exits_without_code", {}, completed(null)],
    ["sys.exit(None)", "endings:exits", { code: null }, completed(null)],
    ["sys.exit(False)", "endings:exits", { code: false }, completed(null)],
    ["sys.exit(2)", "endings:exits", { code: 2 }, exited(2, plain(2))],
    ["sys.exit(True)", "endings:exits", { code: true }, exited(1, plain(1))],
    ["sys.exit(256 + 3)", "endings:exits", { code: 259 }, exited(3, plain(3))],
    ["sys.exit(-1)", "endings:exits", { code: -1 }, exited(255, plain(255))],
    ["sys.exit('why')", "endings:exits", { code: "why" }, exited(1, /^Exited with code 1 after .* s: why$/)],
    [
      "sys.exit(an object)",
      "endings:exits_with_object",
      {},
      exited(1, /Untellable \(its message cannot be /),
    ],
    ["in a coroutine", "endings:exits_asynchronously", {}, exited(4, plain(4))],
    ["sys.exit(137)", "endings:exits", { code: 137 }, exited(137, plain(137))],
    ["os._exit(0)", "endings:ends_process", { code: 0 }, exited(0, early(0))],
    ["os._exit(3)", "endings:ends_process", { code: 3 }, exited(3, early(3))],
    ["os._exit(137)", "endings:ends_process", { code: 137 }, exited(137, early(137))],
    ["another program", "endings:replaces_process", {}, exited(7, early(7))],
  ]);
});

test("a callable that is killed is told by its signal", async () => {
  const byItself = ["SIGKILL", "SIGTERM", "SIGHUP", "SIGXCPU"].map(
    (name) => [name, "endings:kills_itself", { name }, killed(name)] as const,
  );
  await expectRows(await startServer(), [
    ...byItself,
    ["a segmentation fault", "endings:segfaults", {}, killed("SIGSEGV")],
    ["an abort", "endings:aborts", {}, killed("SIGABRT")],
  ]);
});

test("what happens after the callable has answered changes nothing, and exit.json tells it", async () => {
  const byItself = { ended_by_shim: false };
  const byShim = { ended_by_shim: true, signal: "SIGKILL", exit_code: null };
  const wrong = raised("ValueError", "went wrong");
  const two = exited(2, /^Exited with code 2 after \d+\.\d s$/);
  await expectRows(await startServer(manySlots), [
    ["a daemon thread lingers", "endings:leaves_daemon_thread", {}, completed("kept"), byItself],
    [
      "it crashes",
      "endings:crashes_after_returning",
      {},
      completed("kept"),
      { ...byItself, signal: "SIGABRT" },
    ],
    ["a thread lingers", "hostile:leaves_thread", {}, completed("returned"), byShim],
    ["an exit function hangs", "endings:hangs_at_exit", {}, completed("kept"), byShim],
    ["the same after an exception", "endings:raises_and_hangs_at_exit", {}, wrong, byShim],
    ["a thread after sys.exit", "endings:exits_and_leaves_thread", { code: 2 }, two, byShim],
  ]);
});

test("exit.json tells the end by itself", async () => {
  const server = await startServer();
  const { status, started_at, completed_at, error, failure, ...job } = await run(server, "endings:raises");
  const record = JSON.parse(textOf(server, job, "exit.json"));
  expect(record).toMatchObject({ version: 1, status, started_at, completed_at, error, failure });
  expect(record).toMatchObject({ exit_code: 1, signal: null, core_dumped: false, ended_by_shim: false });
  expect(record.peak_memory_bytes).toBeGreaterThan(1024 * 1024);
  expect(record.seconds).toBeGreaterThan(0);
  expect(record.cpu_seconds).toBeGreaterThan(0);
});

test("a file that the callable left open is written to the last word", async () => {
  const server = await startServer();
  const job = await run(server, "endings:leaves_file_unflushed");
  expect(textOf(server, job, "report.txt")).toBe("to the last word");
});

test("a result that was spoiled after the answer breaks no record", async () => {
  const server = await startServer();
  const job = await run(server, "endings:spoils_result_at_exit");
  expect(job).toMatchObject(completed(null));
  expect((await send(server, "/jobs")).body).toMatchObject({ count: 1 });
});
