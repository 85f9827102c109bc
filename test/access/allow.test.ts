import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { matchesAny } from "../../src/access/pattern.ts";
import {
  ended,
  fixtures,
  home,
  run,
  send,
  sharedServer,
  startServer,
  submit,
  temporaryFolder,
} from "../support/server.ts";
import { runAlone } from "../support/shim.ts";

interface Row {
  readonly pattern: string;
  readonly matches: readonly string[];
  readonly others: readonly string[];
}

describe("patterns", () => {
  const file = join(fixtures, "patterns.json");
  const rows: Row[] = JSON.parse(readFileSync(file, "utf8"));

  test.each(rows)("$pattern, as the server reads it", ({ pattern, matches, others }) => {
    const matched = [...matches, ...others].filter((text) => matchesAny([pattern], text));
    expect(matched).toEqual(matches);
  });

  test("all of them, as the shim reads them", async () => {
    const program = [
      "import json, sys",
      "from quant_runs_shim import allowed",
      "rows = json.load(open(sys.argv[1], encoding='utf-8'))",
      "texts = lambda row: row['matches'] + row['others']",
      "matched = lambda row: [text for text in texts(row) if allowed.matches_any([row['pattern']], text)]",
      "print(json.dumps([matched(row) for row in rows]))",
    ].join("\n");
    const env = { PYTHONPATH: join(home, "bin", "shims") };
    const { stdout } = await execa("python3", ["-c", program, file], { env });
    expect(JSON.parse(stdout)).toEqual(rows.map(({ matches }) => matches));
  });

  test("one of several is enough", () => {
    expect(matchesAny(["a:b", "c:*"], "c:d")).toBe(true);
    expect(matchesAny([], "c:d")).toBe(false);
  });
});

describe("QUANT_RUNS_ALLOW", () => {
  const server = sharedServer({
    env: { QUANT_RUNS_ALLOW: "basic:succeeds, environment:*", MDPS_ENTRYPOINT: "basic:returns_nothing" },
  });

  test("lets an entrypoint be run that matches", async () => {
    expect((await run(server(), "basic:succeeds")).status).toBe("completed");
    expect((await run(server(), "environment:names")).status).toBe("completed");
  });

  test.each([
    ["another callable", { entrypoint: "basic:returns_nothing" }, "basic:returns_nothing"],
    ["another module", { entrypoint: "os:getcwd" }, "os:getcwd"],
    ["one that begins alike", { entrypoint: "basic:succeeds_too" }, "basic:succeeds_too"],
    ["the server's own", {}, "basic:returns_nothing"],
  ])("refuses %s with 403 and makes nothing", async (_what, body, named) => {
    const before = readdirSync(server().runsDir);
    const answer = await send(server(), "/jobs", body);
    expect(answer.status).toBe(403);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.body.detail).toBe(
      `The entrypoint "${named}" may not be run here: send one that matches basic:succeeds or environment:*, ` +
        "or add it to QUANT_RUNS_ALLOW",
    );
    expect(readdirSync(server().runsDir)).toEqual(before);
  });

  test("a text that is no entrypoint is still told so", async () => {
    expect((await send(server(), "/jobs", { entrypoint: "basic.succeeds" })).status).toBe(400);
  });

  test("is the flag's for the shim too, whatever the environment says", async () => {
    const args = ["--allow", "environment:*"];
    const other = await startServer({ args, env: { QUANT_RUNS_ALLOW: "basic:*" } });
    const job = await run(other, "environment:sees", { names: ["QUANT_RUNS_ALLOW"] });
    expect(job.result).toEqual({ result: { QUANT_RUNS_ALLOW: "environment:*" } });
  });

  test("is told to no shim where it is not set", async () => {
    const job = await run(await startServer(), "environment:sees", { names: ["QUANT_RUNS_ALLOW"] });
    expect(job.result).toEqual({ result: { QUANT_RUNS_ALLOW: null } });
  });
});

const refused = (entrypoint: string) => ({
  status: "failed",
  error: `The entrypoint '${entrypoint}' matches no pattern of QUANT_RUNS_ALLOW`,
  failure: { reason: "entrypoint", exit_code: 1, signal: null, type: null, traceback: null },
});

test("a job that waited while the patterns became fewer is not run", async () => {
  const server = await startServer({ args: ["--concurrency", "1"] });
  const path = join(await temporaryFolder(), "go");
  await submit(server, "basic:waits_for_file", { path });
  const waiting = await submit(server, "raises_on_import:main");
  await server.kill();
  writeFileSync(path, "");
  const next = await startServer({ runsDir: server.runsDir, args: ["--allow", "basic:*"] });
  expect(await ended(next, waiting)).toMatchObject(refused("raises_on_import:main"));
});

test("a shim imports nothing for an entrypoint that is not allowed, not even for its traceback", async () => {
  const env = { QUANT_RUNS_ALLOW: "basic:*", PYTHONPATH: `${join(fixtures, "namesakes")}:${fixtures}` };
  const job = await runAlone({ entrypoint: "raises_on_import:main" }, env);
  expect(job).toMatchObject(refused("raises_on_import:main"));
});

test("a shim reads patterns as UTF-8 in every locale", async () => {
  const env = { QUANT_RUNS_ALLOW: "größe:läuft", LC_ALL: "C", PYTHONUTF8: "0", PYTHONCOERCECLOCALE: "0" };
  const error = "No module named 'größe'";
  expect(await runAlone({ entrypoint: "größe:läuft" }, env)).toMatchObject({ error });
});
