import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";
import { completed, expectRows } from "./rows.ts";

const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
const versions = ["3.9", "3.10", "3.11", "3.12", "3.13"];

/** The interpreter of a version: pyenv's, or the one on PATH; undefined when there is none. */
async function find(version: string): Promise<string | undefined> {
  const folders = await readdir(pyenv).catch(() => []);
  const installed = folders.filter((folder) => folder === version || folder.startsWith(`${version}.`));
  const candidates = [
    ...installed.map((folder) => join(pyenv, folder, "bin", "python3")),
    `python${version}`,
  ];
  for (const candidate of candidates) {
    const { stdout } = await execa(candidate, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
      reject: false,
    });
    if (stdout === version) return candidate;
  }
  return undefined;
}

const interpreters = await Promise.all(
  versions.map(async (version) => ({ version, python: await find(version) })),
);

for (const { version, python } of interpreters) {
  const reason = python === undefined ? " (it is not installed)" : "";
  test.skipIf(reason && !process.env.CI)(`the shim runs under Python ${version}${reason}`, async () => {
    expect(python, `Python ${version} is to be installed where continuous integration runs`).toBeDefined();
    const server = await startServer({ args: ["--python", String(python)] });
    const failure = (reason: string, facts: object) => ({ status: "failed", failure: { reason, ...facts } });
    const traceback = (text: RegExp) => ({ traceback: expect.stringMatching(text) });
    const frame = (file: string) => new RegExp(`^Traceback .*\\n {2}File ".*${file}\\.py", line \\d+, in `);
    await expectRows(server, [
      ["it is that version", "callables:sees_version", {}, completed(version)],
      ["a return", "basic:succeeds", { value: [1, null, "é"] }, completed({ value: [1, null, "é"] })],
      ["an async function", "basic:asynchronous", {}, completed("awaited")],
      ["a long number", "results:returns_long_number", { digits: 6000 }, completed(Number.POSITIVE_INFINITY)],
      ["no numbers", "results:buries_no_numbers", { count: 1 }, completed(expect.anything())],
      ["deep lists", "results:nests", { depth: 100_000, raises_limit: true }, { status: "completed" }],
      ["a circle", "results:returns_circle", { kind: "list" }, completed([1, "[...]"])],
      ["an array", "results:returns_forms", { names: ["array"] }, completed({ array: [1, 2] })],
      ["an exception", "endings:raises", {}, failure("exception", traceback(frame("endings")))],
      [
        "an async one",
        "endings:raises_asynchronously",
        {},
        failure("exception", traceback(frame("endings"))),
      ],
      ["no words", "endings:raises_untellable", {}, failure("exception", traceback(frame("endings")))],
      ["at import", "raises_on_import:main", {}, failure("entrypoint", traceback(frame("raises_on_import")))],
      ["a syntax error", "syntax_error:broken", {}, failure("entrypoint", { type: "SyntaxError" })],
      ["a missing module", "not_there:main", {}, failure("entrypoint", { type: "ModuleNotFoundError" })],
      ["an exit", "endings:exits", { code: 2 }, failure("crashed", { exit_code: 2, signal: null })],
      ["a crash", "endings:segfaults", {}, failure("crashed", { exit_code: null, signal: "SIGSEGV" })],
      ["a process pool", "callables:spawns_process_pool", {}, completed([1, 4, 9])],
    ]);
  });
}
