import { access, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { serveOptions } from "../src/config/config.ts";
import { cancelJob } from "../src/http/routes/cancel-job.ts";
import type { createJob } from "../src/http/routes/create-job.ts";
import { Health } from "../src/http/schemas.ts";
import { Limits } from "../src/jobs/limits.ts";
import { bare, codeIn, prose, section, table } from "./support/readme.ts";
import { home, run, send, sharedServer, startServer, temporaryFolder } from "./support/server.ts";

const server = sharedServer();

test("the configuration is what serveOptions() says, row by row", () => {
  const rows = table("environment", "flag", "default", "meaning");
  expect(rows.map((row) => row.slice(0, 3).map(bare))).toEqual(
    serveOptions().map(({ envVar, flags, defaultValue, defaultValueDescription }) => [
      envVar,
      flags,
      String(defaultValueDescription ?? defaultValue ?? "none"),
    ]),
  );
  for (const [index, { description, argChoices }] of serveOptions().entries()) {
    expect(rows[index]?.[3]).toMatch(new RegExp(`^${RegExp.escape(description)}(;|:|$)`));
    if (argChoices) expect(rows[index]?.[3]).toContain(argChoices.join(", "));
  }
});

test("the addresses are those that the server lists, and the largest body is what it says", async () => {
  const rows = table("request", "answer");
  const named = rows.flatMap(([request]) =>
    codeIn(String(request)).map((text) => String(text.split("?")[0])),
  );
  const { endpoints } = (await send<{ endpoints: Record<string, string> }>(server(), "/")).body;
  expect(named.toSorted()).toEqual([...Object.keys(endpoints), "GET /", "GET /openapi.json"].toSorted());
  for (const address of named.filter((address) => !address.includes("{") && address.startsWith("GET "))) {
    const answer = await fetch(new URL(address.slice(4), server().url));
    expect(answer.status).toBe(200);
    await answer.body?.cancel(); // one of them never ends
  }
  const largest = serveOptions().find(({ envVar }) => envVar === "QUANT_RUNS_MAX_BODY_BYTES")?.defaultValue;
  expect(rows[0]?.[1]).toContain(`${Number(largest) / 1024 / 1024} MiB`);
  expect(codeIn(String(rows[0]?.[1]))).toEqual(["parameters", "entrypoint", "labels", "env"]);
  const answerTo = (request: string) => String(rows.find(([cell]) => bare(cell) === request)?.[1]);
  const answers = Object.keys(cancelJob.description.responses);
  expect(answerTo("POST /jobs/{job_id}/cancel").match(/\d{3}/g)?.toSorted()).toEqual(answers);
  const { watcher } = Health.shape;
  expect(codeIn(answerTo("GET /health"))).toEqual([...Object.keys(Health.shape), ...watcher.options]);
});

test("the limits are those that POST /jobs takes", async () => {
  const rows = ["seconds", "whole number"].flatMap((range) => table("field", range, "default", "meaning"));
  expect(rows.map(([field]) => bare(field))).toEqual(Object.keys(Limits.shape));
  const { text } = await send(server(), "/jobs", { entrypoint: "basic:succeeds" });
  const written = await readFile(join(String(JSON.parse(text).status_file), "..", "job.json"), "utf8");
  const defaults: Record<string, unknown> = JSON.parse(written).limits;
  for (const [cell, range = "", usual, meaning = ""] of rows) {
    const field = bare(cell) as keyof typeof Limits.shape;
    const [least = Number.NaN, most = Number.NaN] = (range.match(/\d+/g) ?? []).map(Number);
    const isAllowed = (value: number) => Limits.shape[field].safeParse(value).success;
    const isLeastAllowed = !range.startsWith("more than ");
    expect([least, most, most + 1, least - 1].map(isAllowed)).toEqual([isLeastAllowed, true, false, false]);
    expect(String(defaults[field] ?? "none")).toBe(usual);
    expect(Limits.shape[field].description).toMatch(new RegExp(`^${RegExp.escape(meaning)}[;,.]`));
  }
});

describe("for operators", () => {
  const text = section("For operators: what survives what");

  test("every durability and every state of the watcher is told", () => {
    const durabilities = serveOptions().find(({ envVar }) => envVar === "QUANT_RUNS_DURABILITY")?.argChoices;
    const told = [...text.matchAll(/QUANT_RUNS_DURABILITY=(\w+)/g)].map((found) => found[1]);
    expect(told.toSorted()).toEqual(durabilities?.toSorted());
    expect(text).toContain("watcher `blind` in `GET /health`");
    expect(text).toContain(`answers ${507 satisfies keyof typeof createJob.description.responses} `);
  });

  test("jobs are looked at as often as is said", async () => {
    const source = await readFile(join(home, "src", "supervisor", "supervisor.ts"), "utf8");
    const number = (name: string) => Number(new RegExp(`${name} = ([\\d.]+);`).exec(source)?.[1]);
    const perSecond = 1 / number("secondsBetweenTicks");
    expect([perSecond, perSecond / number("ticksBetweenSweeps")]).toEqual([2, 1]);
    expect(text).toContain("is looked at twice a second");
    expect(section("The life of a job")).toContain("every second at those that run");
  });

  test("the unit takes every setting from the shell, and the path of its modules", async () => {
    const others: Record<string, string> = {
      MDPS_ENTRYPOINT: "a:b",
      QUANT_RUNS_KEEP_STRAYS: "yes",
      QUANT_RUNS_CORS_ORIGINS: "https://desk",
      QUANT_RUNS_ALLOW: "a:*",
      QUANT_RUNS_ALLOW_ENV: "MODEL_*",
      QUANT_RUNS_SANDBOX_WRITE: "/srv",
      QUANT_RUNS_PRELOAD: "numpy,pandas",
      QUANT_RUNS_DEFAULT_MEMORY_BYTES: "1000000000",
      QUANT_RUNS_DEFAULT_OPEN_FILES: "64",
    };
    const env = Object.fromEntries(
      serveOptions().map(({ envVar, argChoices, defaultValue }) => [
        String(envVar),
        others[String(envVar)] ?? argChoices?.[0] ?? String(defaultValue ?? "7"),
      ]),
    );
    const taken = await unitVariables({ ...env, PYTHONPATH: "/somewhere" });
    expect(text).toMatch(/every setting of this shell but a token, and its `PYTHONPATH`/);
    const told = serveOptions().map(({ envVar }) => envVar);
    expect(taken).toEqual([...told.filter((name) => name !== "QUANT_RUNS_TOKEN"), "PYTHONPATH"]);
  });
});

/** The variables that the systemd unit sets when it is printed with these. */
async function unitVariables(env: Record<string, string>): Promise<string[]> {
  const { stdout } = await execa(join(home, "bin", "quant-runs"), ["systemd-unit"], { env });
  return [...stdout.matchAll(/^Environment="(\w+)=/gm)].map((found) => String(found[1]));
}

test("the folder map has every folder of src", async () => {
  const entries = await readdir(join(home, "src"), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => `src/${entry.name}`);
  const map = /^In `src`.*?\n\n/ms.exec(section("Development"))?.[0];
  expect(codeIn(String(map)).toSorted()).toEqual(["src", ...folders].toSorted());
});

test("every path and link is there", async () => {
  const paths = codeIn(prose).filter((text) => /^(src|bin|test|\.ci|\.devcontainer)(\/|$)/.test(text));
  const links = [...prose.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map((found) => String(found[1]));
  expect(Math.min(paths.length, links.length)).toBeGreaterThan(0);
  for (const path of [...paths, ...links]) await access(join(home, path));
});

describe("troubleshooting", () => {
  const messages = table("what you see", "why, and what to do").flatMap(([seen]) => codeIn(String(seen)));
  const start = async (args: string[]) =>
    execa(join(home, "bin", "quant-runs"), ["serve", ...args], {
      reject: false,
      env: { QUANT_RUNS_DIR: await temporaryFolder() },
    });

  test("quotes what a second server on one runs directory looks like, the demo's too", async () => {
    const options = { reject: false, cwd: home, env: { QUANT_RUNS_DIR: server().runsDir } } as const;
    const [serve, demo] = await Promise.all([
      execa(join(home, "bin", "quant-runs"), ["serve", "--port", "0"], options),
      execa("npm", ["run", "--silent", "demo"], options),
    ]);
    for (const { stderr, exitCode } of [serve, demo]) {
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`${server().runsDir} ${messages[1]}`);
      expect(stderr).toContain(server().url);
    }
  });

  test("quotes what a port in use looks like", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as { port: number };
    const { stderr, exitCode } = await start(["--host", "127.0.0.1", "--port", String(port)]);
    holder.close();
    expect(exitCode).toBe(1);
    expect(stderr.replace(String(port), "8000")).toContain(String(messages[0]));
  });

  test("quotes what a missing interpreter looks like", async () => {
    const { stderr, exitCode } = await start(["--port", "0", "--python", "python4"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(String(messages[2]));
  });

  test("quotes what a missing module looks like", async () => {
    const elsewhere = await startServer({ cwd: await temporaryFolder() });
    expect((await run(elsewhere, "run_mdps:main")).error).toBe(messages[3]);
  });
});
