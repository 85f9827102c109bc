import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { StartError } from "../../src/errors.ts";
import { readSecrets } from "../../src/secrets/secrets-file.ts";
import { fixtures, home, startServer, temporaryFolder } from "../support/server.ts";

async function fileOf(text: string | Buffer, mode = 0o600): Promise<string> {
  const path = join(await temporaryFolder(), "secrets.env");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const secretsOf = async (text: string | Buffer) => (await readSecrets(await fileOf(text))).secrets;

/** The one line with which a file is refused, without its path. */
async function refusal(text: string | Buffer): Promise<string> {
  const path = await fileOf(text);
  const error = await readSecrets(path).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(StartError);
  const { message } = error as StartError;
  expect(message).toContain(path);
  return message.replace(path, "FILE");
}

test.each([
  ["a line", "KEY=hunter22\n", { KEY: "hunter22" }],
  ["no line end", "KEY=hunter22", { KEY: "hunter22" }],
  ["line ends of Windows", "KEY=hunter22\r\nB=hunter33\r\n", { KEY: "hunter22", B: "hunter33" }],
  ["a byte order mark", "\uFEFFKEY=hunter22", { KEY: "hunter22" }],
  ["quotes of one kind around it", `A="hunt er2"\nB='it "is"'\n`, { A: "hunt er2", B: 'it "is"' }],
  [
    "quotes of two kinds, or one",
    `A="hunter'\nB=hunter"\nC='nter\n`,
    { A: "\"hunter'", B: 'hunter"', C: "'nter" },
  ],
  ["all that stands behind the sign", "A= b=c #d \t\n", { A: " b=c #d \t" }],
  ["export", "export  KEY=hunter22\n", { KEY: "hunter22" }],
  ["other lines", "\n  \n# KEY=hunter\n  # B\nKEY=hunter22\n", { KEY: "hunter22" }],
  ["other letters", "KEY=pässwörd€😀\n", { KEY: "pässwörd€😀" }],
  ["a name of the language's own", "__proto__=hunter22\n", Object.fromEntries([["__proto__", "hunter22"]])],
  ["nothing", "", {}],
])("the secrets of a file with %s", async (_what, text, secrets) => {
  expect(await secretsOf(text)).toEqual(secrets);
});

test("without a file there are none", async () => {
  expect(await readSecrets(undefined)).toEqual({ secrets: {}, isExposed: false });
});

describe("a file is refused in one line that tells no value:", () => {
  const value = "hunter22-and-more";
  test.each([
    ["no sign", value, "must be NAME=value"],
    ["no name", `=${value}`, "must be NAME=value"],
    ["a name with a dash", `A-B=${value}`, "must be NAME=value"],
    ["a name that begins with a digit", `1A=${value}`, "must be NAME=value"],
    ["a space before the sign", `A =${value}`, "must be NAME=value"],
    ["a program's loading", `LD_PRELOAD=${value}`, "must not set LD_PRELOAD"],
    ["the same elsewhere", `DYLD_INSERT_LIBRARIES=${value}`, "must not set DYLD_INSERT_LIBRARIES"],
    ["Python's path", `PYTHONPATH=${value}`, "must not set PYTHONPATH"],
    ["Node's options", `NODE_OPTIONS=${value}`, "must not set NODE_OPTIONS"],
    ["a shell's start", `export BASH_ENV=${value}`, "must not set BASH_ENV"],
    ["a name of the server", `QUANT_RUNS_TOKEN=${value}`, "must not set QUANT_RUNS_TOKEN"],
    ["a name twice", `OK=${value}`, "sets OK a second time"],
    ["a control character", `A=${value}\0`, "gives A a control character"],
    ["a carriage return within", `A=${value}\rb`, "gives A a control character"],
    ["a value of no length", "A=", "gives A fewer than 4 characters"],
    ["a short value", "A=123", "gives A fewer than 4 characters"],
    ["a short value in quotes", "A='123'", "gives A fewer than 4 characters"],
    ["a value of spaces", "A=       ", "gives A fewer than 4 characters"],
    ["a long value", `A=${value.repeat(1000)}`, "gives A more than 16384 characters"],
  ])("%s", async (_what, line, reason) => {
    const told = await refusal(`# comment\nOK=allright\n${line}\nLAST=allright\n`);
    expect(told).toMatch(new RegExp(`^line 3 of the secrets file FILE ${RegExp.escape(reason)}`));
    expect(told).not.toContain("hunter22");
    expect(told).not.toContain("\n");
  });

  test("bytes that are no UTF-8", async () => {
    expect(await refusal(Buffer.from("413d68756e746572ff", "hex"))).toContain("is not text in UTF-8");
  });

  test.each(["/no/such/file", "/"])("%s", async (path) => {
    await expect(readSecrets(path)).rejects.toThrow(
      new RegExp(`secrets file ${path} cannot be read \\(E[A-Z]+\\).*QUANT_RUNS_SECRETS_FILE`),
    );
  });
});

test("the server does not start, and tells no value", async () => {
  const runsDir = await temporaryFolder();
  const { exitCode, stdout, stderr } = await execa(join(home, "bin", "quant-runs"), ["serve"], {
    cwd: fixtures,
    env: {
      PORT: "0",
      QUANT_RUNS_DIR: runsDir,
      QUANT_RUNS_SECRETS_FILE: await fileOf("PYTHONPATH=/hunter22"),
    },
    reject: false,
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr).toMatch(/^quant-runs: line 1 of the secrets file \S+ must not set PYTHONPATH$/);
});

test.each([
  ["others", 0o604, true],
  ["its group", 0o640, true],
  ["its owner alone", 0o600, false],
])("a file that %s may read", async (_who, mode, isTold) => {
  const path = await fileOf("KEY=hunter22", mode);
  const server = await startServer({ env: { QUANT_RUNS_SECRETS_FILE: path } });
  const told = server.log.filter((line) => line.includes("other users can read the secrets file"));
  expect(told.map((line) => JSON.parse(line).level)).toEqual(isTold ? ["warn"] : []);
});
