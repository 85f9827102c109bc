import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type Config, completeConfig, dropEmptyVariables, serveOptions } from "../../src/config.ts";

const settings = [
  { name: "HOST", flag: "--host", value: "127.0.0.2", other: "127.0.0.3", wrong: [] },
  {
    name: "PORT",
    flag: "--port",
    value: "8123",
    other: "0",
    wrong: ["abc", "-1", "65536", "1.5", "80 ", "0x50", "1e3"],
  },
  { name: "QUANT_RUNS_DIR", flag: "--runs-dir", value: "some/runs", other: "/other", wrong: [] },
  {
    name: "MDPS_ENTRYPOINT",
    flag: "--entrypoint",
    value: "some.module:run",
    other: "other:run",
    wrong: ["run_mdps.main", "run_mdps:", ":main", "a:b:c", "../x:y"],
  },
  {
    name: "QUANT_RUNS_LOG_LEVEL",
    flag: "--log-level",
    value: "debug",
    other: "error",
    wrong: ["loud", "INFO", "30"],
  },
  { name: "QUANT_RUNS_PYTHON", flag: "--python", value: "/opt/python", other: "pypy", wrong: [] },
  {
    name: "QUANT_RUNS_CONCURRENCY",
    flag: "--concurrency",
    value: "7",
    other: "1",
    wrong: ["0", "-1", "many", "1.5", "10001", "Infinity"],
  },
  { name: "QUANT_RUNS_DURABILITY", flag: "--durability", value: "process", other: "power", wrong: ["none"] },
  {
    name: "QUANT_RUNS_DEFAULT_TIMEOUT_SECONDS",
    flag: "--default-timeout-seconds",
    value: "2.5",
    other: "60",
    wrong: ["0", "-1", "soon", "1e9"],
  },
  { name: "QUANT_RUNS_KEEP_STRAYS", flag: "--keep-strays", value: "yes", other: "no", wrong: ["perhaps"] },
];

const expected: Config = {
  host: "127.0.0.2",
  port: 8123,
  runsDir: resolve("some/runs"),
  entrypoint: "some.module:run",
  logLevel: "debug",
  python: "/opt/python",
  concurrency: 7,
  durability: "process",
  defaultTimeoutSeconds: 2.5,
  keepStrays: true,
};

type Variables = readonly (readonly [name: string, value: string])[];
const flags = settings.flatMap(({ flag, value }) => [flag, value]);
const variables: Variables = settings.map(({ name, value }) => [name, value]);
const otherVariables: Variables = settings.map(({ name, other }) => [name, other]);
const emptyVariables: Variables = settings.map(({ name }) => [name, ""]);

/** What a server with these flags and these variables, and no others, is told. */
function configured(args: readonly string[], environment: Variables): Config {
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const name of [...settings.map(({ name }) => name), "VIRTUAL_ENV"]) vi.stubEnv(name, undefined);
  for (const [name, value] of environment) vi.stubEnv(name, value);
  dropEmptyVariables(process.env);
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  for (const option of serveOptions()) command.addOption(option);
  return completeConfig(command.parse(args, { from: "user" }).opts());
}

describe("the server is told", () => {
  test("by flags", () => {
    expect(configured(flags, [])).toEqual(expected);
  });

  test("by variables", () => {
    expect(configured([], variables)).toEqual(expected);
  });

  test("by a flag rather than a variable", () => {
    expect(configured(flags, otherVariables)).toEqual(expected);
  });

  test.each(settings)("the same by $name as by $flag", ({ name, flag, other }) => {
    expect(configured([], [[name, other]])).toEqual(configured([flag, other], []));
  });

  test.each<[string, Variables]>([
    ["nothing", []],
    ["empty variables", emptyVariables],
  ])("to do as it always does by %s", (_what, environment) => {
    const { entrypoint, python, defaultTimeoutSeconds, ...others } = configured([], environment);
    expect(others).toEqual({
      host: "127.0.0.1",
      port: 8000,
      runsDir: join(process.cwd(), ".quant_runs"),
      logLevel: "info",
      concurrency: availableParallelism(),
      durability: "power",
      keepStrays: false,
    });
    expect({ entrypoint, defaultTimeoutSeconds }).toEqual({});
    expect(python).toMatch(/python3?$/);
  });

  test("once: nobody changes it afterwards", () => {
    expect(Object.isFrozen(configured([], []))).toBe(true);
  });
});

describe.each(settings)("$name or $flag", ({ name, flag, wrong }) => {
  test.each([" ", ...wrong])("does not take %j", (value) => {
    const complaint = new RegExp(`^error: option '${flag} .* is invalid\\. .+\\.$`);
    expect(() => configured([`${flag}=${value}`], [])).toThrow(complaint);
    expect(() => configured([], [[name, value]])).toThrow(complaint);
    expect(() => configured([], [[name, value]])).toThrow(`'${name}'`);
  });

  test("does not take an empty flag", () => {
    expect(() => configured([flag, ""], [])).toThrow(`'${flag} `);
  });
});
