import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { defaultPython } from "../../src/runtimes/python.ts";
import { home, temporaryFolder } from "../support/server.ts";

// The shim uses the C parts of Python's `json`, `signal` and `ctypes`, and the packages where a Python has no such parts.

const program = `
import ctypes, json, signal, sys
sys.path.insert(0, sys.argv[1])
sys.modules.update(dict.fromkeys(sys.argv[2:]))  # these cannot be imported then
from quant_runs_shim import c_library, json_text, signals

values = [None, True, -0.0, 1e400, 10**30, float("nan"), "a\\u00e9\\n\\"\\\\", [], {}, [1, [2, {"a": None}]], {2: 3, None: 1}]
for value in values:
    text = json.dumps(value)
    assert json_text.to_text(value) == text, value
    for each in (text, " \\n" + json.dumps(value, indent=2) + "\\t"):
        assert repr(json_text.from_text(each)) == repr(json.loads(text)), each
assert json_text.to_text({"a": {1}}, list) == '{"a": [1]}'
assert json.loads(json_text.to_record({"a": [1], "b": None})) == {"a": [1], "b": None}

def is_refused(call, value, problem):
    try:
        call(value)
    except problem:
        return True

for text in ["", " ", "{", '{"a":}', "[1,]", "1 2", "nul", '"\\x01"', '{"a": 1}x']:
    assert is_refused(json_text.from_text, text, ValueError), text
assert is_refused(json_text.from_text, "[" * 100_000, RecursionError)
assert is_refused(json_text.to_text, object(), TypeError)
round_about = []
round_about.append(round_about)
assert is_refused(json_text.to_text, round_about, ValueError)

for number in range(1, signal.NSIG):
    known = number in list(signal.Signals)
    assert signals.name_of(number) == (signal.Signals(number).name if known else "SIG%d" % number), number

print(json_text.from_text('"all the same"'), flush=True)
c_library.call("exit", 3)
`;

const alone = `
import os, sys
sys.path[:0] = sys.argv[1:]
from quant_runs_shim import json_text
for text in ["", "{", "{,", '{"a" 1}', '"abc', "[1,", '"\\x01"', '{"a": 1}x']:
    try:
        json_text.from_text(text)
    except ValueError as problem:
        continue
    print("taken:", text)
print([name for name in sys.modules if name.startswith("json")])
`;

test("what is no JSON is refused without the package, in whose place there may be a module of the user's", async () => {
  const folder = await temporaryFolder();
  writeFileSync(join(folder, "json.py"), "print('the own json')\n");
  const parameters = ["-c", alone, join(home, "bin", "shims"), folder];
  const { stdout, stderr } = await execa(defaultPython(process.env, home), parameters, { reject: false });
  expect({ stdout, stderr }).toEqual({ stdout: "[]", stderr: "" });
});

test.each([
  ["with the parts", []],
  ["without them", ["_json", "_signal", "_ctypes"]],
])("the shim reads and writes JSON, names signals and calls the C library %s", async (_, missing) => {
  const shims = join(home, "bin", "shims");
  const parameters = ["-c", program, shims, ...missing];
  const { stdout, stderr, exitCode } = await execa(defaultPython(process.env, home), parameters, {
    reject: false,
  });
  expect({ stdout, stderr, exitCode }).toEqual({ stdout: "all the same", stderr: "", exitCode: 3 });
});
