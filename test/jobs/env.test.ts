import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { textOf } from "../shim/rows.ts";
import {
  ended,
  type Job,
  send,
  sharedServer,
  startServer,
  submit,
  temporaryFolder,
} from "../support/server.ts";

const settings = { QUANT_RUNS_ALLOW_ENV: "MODEL_*,EDITOR,LANG,__proto__" };
const server = sharedServer({ env: settings });

/** A server that would let everything be set. */
const lax = sharedServer({ env: { QUANT_RUNS_ALLOW_ENV: "*" } });

async function submitWith(at: { url: string }, env: unknown, names: readonly string[] = []): Promise<string> {
  const body = { entrypoint: "environment:sees", parameters: { names }, env };
  const answer = await send<Job>(at, "/jobs", body);
  expect(answer.text).toContain('"pending"');
  return answer.body.job_id;
}

/** What a job finds that was submitted with these variables. */
async function seen(env: Record<string, string>, at = server()): Promise<unknown> {
  const job = await ended(at, await submitWith(at, env, Object.keys(env)));
  return Object(job.result).result;
}

describe("variables of a job", () => {
  test("are in its environment, letter by letter, in place of the server's", async () => {
    const env = { MODEL_SEED: "7", MODEL_NAME: 'a "b"\n=\\ é😀', MODEL_EMPTY: "", EDITOR: "/nowhere" };
    expect(await seen(env)).toEqual(env);
  });

  test("may be many and long", async () => {
    const names = Array.from({ length: 64 }, (_, index) => `MODEL_${index}`);
    const env = Object.fromEntries(names.map((name) => [name, "x".repeat(8000)]));
    expect(await seen(env)).toEqual(env);
    expect(await seen({ MODEL_LONG: "x".repeat(32 * 1024) })).toEqual({ MODEL_LONG: "x".repeat(32 * 1024) });
  });

  test("may have the name of what every object has", async () => {
    const env = JSON.parse('{"__proto__": "own"}');
    expect(JSON.stringify(await seen(env))).toBe('{"__proto__":"own"}');
  });

  test.each([[null], [{}]])("%j is none", async (env) => {
    const jobId = await submitWith(server(), env);
    expect((await ended(server(), jobId)).status).toBe("completed");
  });

  test("stand in job.json alone, on one line, and nowhere in what the API shows", async () => {
    const jobId = await submitWith(server(), { MODEL_SEED: "seed-of-the-test" });
    const job = await ended(server(), jobId);
    expect(textOf(server(), job, "job.json")).toContain('\n"env": {"MODEL_SEED":"seed-of-the-test"},\n');
    for (const path of [`/jobs/${jobId}`, "/jobs", `/jobs/${jobId}/files`]) {
      expect((await send(server(), path)).text).not.toContain("seed-of-the-test");
    }
    expect(textOf(server(), job, "status.json")).not.toContain("seed-of-the-test");
    expect(server().log.join("\n")).not.toContain("seed-of-the-test");
  });

  test("are kept for a job that waits while the server is started again", async () => {
    const options = { args: ["--concurrency", "1"], env: settings };
    const first = await startServer(options);
    const path = join(await temporaryFolder(), "go");
    await submit(first, "basic:waits_for_file", { path });
    const waiting = await submitWith(first, { MODEL_SEED: "7" }, ["MODEL_SEED"]);
    await first.kill();
    const next = await startServer({ ...options, runsDir: first.runsDir });
    writeFileSync(path, "");
    expect((await ended(next, waiting)).result).toEqual({ result: { MODEL_SEED: "7" } });
  });
});

describe("a variable that may not be set is refused with 403, which names it", () => {
  test.each(["OTHER", "MODEL", "EDITORS", "model_seed"])("%s, which no pattern matches", async (name) => {
    const answer = await send(server(), "/jobs", { entrypoint: "basic:succeeds", env: { [name]: "1" } });
    expect([answer.status, answer.body.detail]).toEqual([
      403,
      `The variable ${name} may not be set here: leave it out of env, or add it to QUANT_RUNS_ALLOW_ENV`,
    ]);
  });

  test("any, where the server allows none", async () => {
    const strict = await startServer();
    const answer = await send(strict, "/jobs", { entrypoint: "basic:succeeds", env: { MODEL_SEED: "1" } });
    expect(answer.status).toBe(403);
  });

  test.each([
    ...["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONSTARTUP"],
    ...[
      "PYTHON",
      "NODE_OPTIONS",
      "BASH_ENV",
      "ENV",
      "IFS",
      "PATH",
      "HOME",
      "OPENSSL_CONF",
      "GIT_SSH_COMMAND",
      "GCONV_PATH",
    ],
    ...["SHELLOPTS", "PS4", "QUANT_RUNS_TOKEN", "QUANT_RUNS_ALLOW", "QUANT_RUNS_RUN_DIR", "MDPS_ENTRYPOINT"],
  ])("%s, whatever is allowed", async (name) => {
    const answer = await send(lax(), "/jobs", { entrypoint: "basic:succeeds", env: { [name]: "1" } });
    expect(answer.status).toBe(403);
    expect(answer.body.detail).toBe(
      `The variable ${name} may not be set by any request: leave it out of env`,
    );
  });

  test("all others, where everything is allowed, can be set", async () => {
    const env = { ENVIRONMENT: "1", PATHS: "2", MY_PYTHON: "3", GIT: "4" };
    expect(await seen(env, lax())).toEqual(env);
  });
});

describe("what is no environment is refused with 422, which names the field", () => {
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`MODEL_${index}`, "1"]));
  const large = Object.fromEntries(
    Array.from({ length: 17 }, (_, index) => [`MODEL_${index}`, "x".repeat(32 * 1024)]),
  );

  test.each<[string, unknown, string]>([
    ["a list", ["MODEL_SEED=7"], "body.env"],
    ["a text", "MODEL_SEED=7", "body.env"],
    ["a number", { MODEL_SEED: 7 }, "body.env.MODEL_SEED"],
    ["null", { MODEL_SEED: null }, "body.env.MODEL_SEED"],
    ["an object", { MODEL_SEED: {} }, "body.env.MODEL_SEED"],
    ["an empty name", { "": "1" }, "body.env."],
    ["a name with =", { "MODEL_=": "1" }, "body.env.MODEL_="],
    ["a name that begins with a digit", { "1MODEL": "1" }, "body.env.1MODEL"],
    ["a name that ends a line", { "MODEL_\n": "1" }, "body.env.MODEL_\n"],
    ["a name of letters that are not ASCII", { MODEL_É: "1" }, "body.env.MODEL_É"],
    ["a NUL", { MODEL_SEED: "a\0b" }, "body.env.MODEL_SEED"],
    ["half a character", { MODEL_SEED: "\ud800" }, "body.env.MODEL_SEED"],
    ["a long value", { MODEL_SEED: "é".repeat(16 * 1024 + 1) }, "body.env.MODEL_SEED"],
    ["many variables", many, "body.env"],
    ["much in all", large, "body.env"],
  ])("%s", async (_what, env, field) => {
    const answer = await send(server(), "/jobs", { entrypoint: "basic:succeeds", env });
    expect([answer.status, answer.body.errors]).toMatchObject([422, [{ field }]]);
  });
});

test("a job's environment has none of the server's secrets, nor a variable that job.json smuggles in", async () => {
  const env = { QUANT_RUNS_TOKEN: "own-token", ...settings };
  const first = await startServer({ args: ["--concurrency", "1"], env: settings });
  const path = join(await temporaryFolder(), "go");
  await submit(first, "basic:waits_for_file", { path });
  const names = ["QUANT_RUNS_TOKEN", "LD_PRELOAD", "MODEL_SEED"];
  const waiting = await submitWith(first, { MODEL_SEED: "7" }, names);
  await first.kill();
  const record = join(first.runsDir, waiting, "job.json");
  const text = readFileSync(record, "utf8");
  writeFileSync(
    record,
    text.replace('{"MODEL_SEED"', '{"LD_PRELOAD":"x","QUANT_RUNS_TOKEN":"y","MODEL_SEED"'),
  );
  writeFileSync(path, "");
  const next = await startServer({ runsDir: first.runsDir, env: { ...env, QUANT_RUNS_TOKEN: undefined } });
  expect((await ended(next, waiting)).result).toEqual({
    result: { QUANT_RUNS_TOKEN: null, LD_PRELOAD: null, MODEL_SEED: "7" },
  });
});
