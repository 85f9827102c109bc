import { constants } from "node:fs";
import { mkdtemp, open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { Failure } from "../src/jobs/failure.ts";
import { parseExact } from "../src/json.ts";
import { observe } from "../src/runs/observe.ts";
import { eventsFolder, fileNames, runDirectory, unfinishedPrefix } from "../src/runs/run-directory.ts";
import { defaultPython } from "../src/runtimes/python.ts";
import { bare, codeIn, maskedText, saveModules, section, table } from "./support/readme.ts";
import {
  ended,
  fixtures,
  home,
  reached,
  run,
  send,
  sharedServer,
  submit,
  temporaryFolder,
} from "./support/server.ts";

/** Where the README's modules stand, and the server in whose working directory they are. */
const folder = await mkdtemp(join(tmpdir(), "quant-runs-test-"));
await saveModules(folder);
afterAll(() => rm(folder, { recursive: true }));

const python = defaultPython(process.env, home);
const hasPandas = !(await execa(python, ["-c", "import numpy, pandas"], { reject: false })).failed;

/** A server of one slot, so that the second job waits. */
const server = sharedServer({
  cwd: folder,
  env: {
    PYTHONPATH: [fixtures, join(fixtures, "readme")].join(":"),
    QUANT_RUNS_PYTHON: python,
    QUANT_RUNS_CONCURRENCY: "1",
  },
});

const filesOf = async (jobId: string) => (await readdir(runDirectory(server().runsDir, jobId))).toSorted();

test.each(table("entrypoint", "what happens", 'result of `{"symbol": "EURUSD"}`'))(
  "%s can be called: %s",
  async (entrypoint, _how, result) => {
    const job = await run(server(), bare(entrypoint), { symbol: "EURUSD" });
    expect(job.result).toEqual({ result: JSON.parse(bare(result)) });
  },
);

describe("results", () => {
  const rows = table("Python", "JSON", "note");
  const needsPandas = ([expression]: string[]) => /\b(np|pd)\./.test(String(expression));
  const check = async (expression: string | undefined, json: string | undefined) => {
    const { job_id } = await run(server(), "forms:evaluate", { expression: bare(expression) });
    const { text } = await send(server(), `/jobs/${job_id}`);
    const { result } = parseExact(text) as { result: { result: unknown } | null };
    expect(JSON.stringify(result?.result ?? null)).toBe(JSON.stringify(parseExact(bare(json))));
    return job_id;
  };

  test.each(rows.filter((row) => !needsPandas(row)))("%s becomes %s", async (expression, json) => {
    const jobId = await check(expression, json);
    expect((await filesOf(jobId)).includes("result.json")).toBe(bare(expression) !== "None");
  });

  test.skipIf(!hasPandas).each(rows.filter(needsPandas))("%s becomes %s", async (expression, json) => {
    await check(expression, json);
  });

  test("one of more than 1 MiB is to be fetched", async () => {
    const expression = "'x' * 1024 * 1024";
    const job = await run(server(), "forms:evaluate", { expression });
    const said = codeIn(String(section("Parameters and results").split("more than 1 MiB")[1]));
    expect(said).toEqual(["result", "result_bytes", "result_url"]);
    expect(job).toMatchObject({ status: "completed", result: null });
    const { text } = await send(server(), String(job.result_url));
    expect(text).toHaveLength(Number(job.result_bytes));
    expect(JSON.parse(text).result).toHaveLength(1024 * 1024);
  });
});

describe("failures", () => {
  const rows = table("entrypoint", "`reason`", "`exit_code`", "`signal`", "`error`");

  test.each(rows)("%s fails with the reason %s", async (entrypoint, reason, exit_code, signal, error) => {
    const job = await run(server(), bare(entrypoint));
    expect(maskedText(String(job.error))).toBe(maskedText(String(error)));
    const { failure } = job;
    expect([failure?.reason, String(failure?.exit_code), String(failure?.signal)]).toEqual(
      [reason, exit_code, signal].map(bare),
    );
  });

  test("every reason is told, but those that nothing gives yet", () => {
    const told = [...rows.map((row) => bare(row[1])), "lost"];
    expect(section("When a job fails")).toContain("reason is `lost`");
    const notYet = ["cancelled", "timeout"];
    expect([...new Set([...told, ...notYet])].toSorted()).toEqual(Failure.shape.reason.options.toSorted());
  });
});

describe("the run directory", () => {
  const rows = table("file", "written by", "there once the job is", "while it is absent");
  const namesFrom = (...times: string[]) =>
    rows
      .filter(([, , time]) => times.includes(String(time)))
      .map(([name]) => bare(name))
      .toSorted();

  test("holds each file from when the table says", async () => {
    expect(rows.map(([name]) => bare(name)).toSorted()).toEqual(Object.values(fileNames).toSorted());
    const path = join(await temporaryFolder(), "go");
    const first = await submit(server(), "basic:waits_for_file", { path });
    const second = await submit(server(), "failing:raises");
    await reached(server(), first, "running");
    const [running, waiting] = [await filesOf(first), await filesOf(second)];
    await writeFile(path, "");
    await ended(server(), first);
    await ended(server(), second);
    expect(waiting).toEqual(namesFrom("accepted"));
    expect(running).toEqual(namesFrom("accepted", "started"));
    expect(await filesOf(first)).toEqual(namesFrom("accepted", "started", "completed", "ended"));
    expect(await filesOf(second)).toEqual(namesFrom("accepted", "started", "ended"));
  });

  test("stands beside what the server keeps for itself", async () => {
    expect(codeIn(section("The run directory"))).toEqual(
      expect.arrayContaining([`${eventsFolder}/`, unfinishedPrefix]),
    );
    expect(await readdir(server().runsDir)).toContain(eventsFolder);
  });

  test("is written in the order that a new runtime is told", async () => {
    const steps = [...section("Adding a runtime").matchAll(/^\d\. `([\w.]+)`/gm)].map((found) =>
      String(found[1]),
    );
    const lasting = steps.filter((name, index) => !steps.includes(name, index + 1));
    const { job_id } = await run(server(), "basic:succeeds");
    const dated = lasting.map(async (name) => {
      const { ctimeNs } = await stat(join(runDirectory(server().runsDir, job_id), name), { bigint: true });
      return { name, ctimeNs };
    });
    const sorted = (await Promise.all(dated)).toSorted((a, b) => Number(a.ctimeNs - b.ctimeNs));
    expect(sorted.map(({ name }) => name)).toEqual(lasting);
    expect(steps).toEqual(["alive", "claim", "status.json", "result.json", "exit.json", "status.json"]);
  });
});

describe("what the disk and the kernel say of a job", () => {
  const rows = table("`claim`", "`alive`", "`exit.json`", "the job is");
  const either = (cell: string | undefined, all: readonly string[]) =>
    cell === "any" ? all : [String(cell)];
  const cases = rows.flatMap(([claim, alive, exit, says]) =>
    either(alive, ["held open", "let go"]).flatMap((alive) =>
      either(exit, ["there", "none"]).map((exit) => ({
        claim,
        alive,
        exit,
        kind: String(says).split(":")[0],
      })),
    ),
  );

  test("is told for every case", () => {
    expect(cases.map(({ claim, alive, exit }) => `${claim}, ${alive}, ${exit}`)).toEqual([
      ...new Set(cases.map(({ claim, alive, exit }) => `${claim}, ${alive}, ${exit}`)),
    ]);
    expect(cases).toHaveLength(3 * 2 * 2);
  });

  test.each(cases)("claim: $claim, alive: $alive, exit.json: $exit means $kind", async (given) => {
    const directory = await temporaryFolder();
    const shim = { holder: "shim", claimed_at: "", pid: 1, start_time_ticks: 1, boot_id: "", host: "" };
    const ending = {
      status: "failed",
      started_at: null,
      completed_at: "",
      error: "",
      failure: null,
      result_bytes: null,
    };
    const claims: Record<string, object> = {
      "the shim's": shim,
      "the server's": { holder: "server", claimed_at: "", ending },
    };
    const claim = claims[String(given.claim)];
    await writeFile(join(directory, fileNames.job), "{}");
    if (claim) await writeFile(join(directory, fileNames.claim), `${JSON.stringify(claim, null, 2)}\n`);
    if (given.exit === "there") await writeFile(join(directory, fileNames.exit), JSON.stringify(ending));
    const fifo = join(directory, fileNames.alive);
    await execa("mkfifo", [fifo]);
    const held =
      given.alive === "held open" ? await open(fifo, constants.O_RDWR | constants.O_NONBLOCK) : undefined;
    expect((await observe(directory)).kind).toBe(given.kind);
    await held?.close();
  });
});
