import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type Config, completeConfig, dropEmptyVariables, serveOptions } from "../../src/config/config.ts";

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
  { name: "QUANT_RUNS_WARM", flag: "--warm", value: "off", other: "on", wrong: ["perhaps"] },
  {
    name: "QUANT_RUNS_PRELOAD",
    flag: "--preload",
    value: "numpy, desk.signals",
    other: "pandas",
    wrong: ["num py", "numpy,,pandas", "desk/signals"],
  },
  { name: "QUANT_RUNS_KEEP_STRAYS", flag: "--keep-strays", value: "yes", other: "no", wrong: ["perhaps"] },
  { name: "QUANT_RUNS_SANDBOX", flag: "--sandbox", value: "bubblewrap", other: "none", wrong: ["docker"] },
  {
    name: "QUANT_RUNS_SANDBOX_NETWORK",
    flag: "--sandbox-network",
    value: "yes",
    other: "no",
    wrong: ["perhaps"],
  },
  {
    name: "QUANT_RUNS_SANDBOX_WRITE",
    flag: "--sandbox-write",
    value: "/srv/models, /var/cache",
    other: "/srv",
    wrong: ["srv", "/srv,,/var"],
  },
  { name: "QUANT_RUNS_SECRETS_FILE", flag: "--secrets-file", value: "/run/secrets", other: "x", wrong: [] },
  {
    name: "QUANT_RUNS_TOKEN",
    flag: "--token",
    value: "a1.b_2-c~+/==",
    other: "x",
    wrong: [],
  },
  { name: "QUANT_RUNS_TOKEN_FILE", flag: "--token-file", value: "tokens", other: "x", wrong: [] },
  {
    name: "QUANT_RUNS_ALLOWED_HOSTS",
    flag: "--allowed-hosts",
    value: "jobs.example.com,10.0.0.5:8000,[fe80::1]",
    other: "jobs",
    wrong: ["http://jobs", "jobs/", "*", "a b", ","],
  },
  {
    name: "QUANT_RUNS_CORS_ORIGINS",
    flag: "--cors-origins",
    value: "https://desk.example.com,http://localhost:3000",
    other: "http://desk",
    wrong: ["*", "null", "desk.example.com", "https://desk.example.com/", "ftp://desk", "https://Desk"],
  },
  {
    name: "QUANT_RUNS_ALLOW",
    flag: "--allow",
    value: "run_mdps:main, strategies.*:run,basic:*",
    other: "a:b",
    wrong: ["run_mdps", "a:b:c", "a:b,", "a-b:c", ":"],
  },
  {
    name: "QUANT_RUNS_ALLOW_ENV",
    flag: "--allow-env",
    value: "MODEL_*,SEED",
    other: "X",
    wrong: ["1A", "A-B", "A=B"],
  },
  ...(
    [
      ["MAX_QUEUED", "5", ["0", "x"]],
      ["MAX_BODY_BYTES", "2048", ["1023", "x"]],
      ["MAX_CONNECTIONS", "5", ["0", "x"]],
      ["MAX_STREAMS", "5", ["0", "x"]],
      ["MIN_FREE_BYTES", "5", ["-1", "x"]],
      ["RATE_LIMIT", "5", ["0", "x"]],
      ["DEFAULT_MEMORY_BYTES", "1000000000", ["1000", "1e30", "x"]],
      ["DEFAULT_CPU_SECONDS", "5", ["0", "1.5", "x"]],
      ["DEFAULT_OPEN_FILES", "64", ["5", "x"]],
      ["DEFAULT_FILE_BYTES", "5", ["-1", "x"]],
      ["DEFAULT_PROCESSES", "5", ["0", "x"]],
      ["KEEP_DAYS", "0.5", ["0", "-1", "0.0", "x", "1e3", "36501", ".5", "1d", "Infinity"]],
      ["KEEP_RUNS", "5", ["0", "-1", "1.5", "x"]],
      ["KEEP_BYTES", "5", ["0", "-1", "1GB", "x", "1e9"]],
    ] as const
  ).map(([name, value, wrong]) => {
    const flag = `--${name.toLowerCase().replaceAll("_", "-")}`;
    return {
      name: `QUANT_RUNS_${name}`,
      flag,
      value,
      other: "2000000000".slice(0, name.includes("MEMORY") ? 10 : 4),
      wrong,
    };
  }),
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
  warm: "off",
  preload: ["numpy", "desk.signals"],
  keepStrays: true,
  sandbox: "bubblewrap",
  sandboxNetwork: true,
  sandboxWrite: ["/srv/models", "/var/cache"],
  secretsFile: "/run/secrets",
  token: "a1.b_2-c~+/==",
  tokenFile: "tokens",
  allowedHosts: ["jobs.example.com", "10.0.0.5:8000", "[fe80::1]"],
  corsOrigins: ["https://desk.example.com", "http://localhost:3000"],
  allow: ["run_mdps:main", "strategies.*:run", "basic:*"],
  allowEnv: ["MODEL_*", "SEED"],
  maxQueued: 5,
  maxBodyBytes: 2048,
  maxConnections: 5,
  maxStreams: 5,
  minFreeBytes: 5,
  rateLimit: 5,
  defaultMemoryBytes: 1_000_000_000,
  defaultCpuSeconds: 5,
  defaultOpenFiles: 64,
  defaultFileBytes: 5,
  defaultProcesses: 5,
  keepDays: 0.5,
  keepRuns: 5,
  keepBytes: 5,
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
      warm: "on",
      keepStrays: false,
      sandbox: "none",
      sandboxNetwork: false,
      maxQueued: 100_000,
      maxBodyBytes: 8 * 1024 * 1024,
      maxConnections: 4096,
      maxStreams: 1000,
      minFreeBytes: 0,
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
