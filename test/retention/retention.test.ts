import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { bytesOnDisk } from "../../src/runs/bytes-on-disk.ts";
import { ask } from "../removal/ask.ts";
import { plantEnded, runsIn, trashIn } from "../support/planted-runs.ts";
import {
  reached,
  run,
  send,
  startServer,
  submit,
  type TestServer,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

/** A runs directory with runs named by letters, `a` the one that ended last, each a day before the one before. */
async function runsDirWith(
  names: string,
  more: Readonly<Record<string, Parameters<typeof plantEnded>[2]>> = {},
): Promise<string> {
  const runsDir = await temporaryFolder();
  const planted = [...names].map((name, index) => ({ name, daysAgo: index + 0.5 }));
  for (const { name, daysAgo } of planted.toSorted(
    (a, b) => ((a.name.charCodeAt(0) * 7) % 5) - ((b.name.charCodeAt(0) * 7) % 5),
  ))
    await plantEnded(runsDir, name, { daysAgo, ...more[name] });
  return runsDir;
}

/** Starts a server with rules and waits for its first pass, after which just these runs are left. */
async function startAndExpect(runsDir: string, args: readonly string[], left: string): Promise<TestServer> {
  const server = await startServer({ runsDir, args: [...args, "--durability", "process"] });
  await waitFor(() => expect(runsIn(runsDir).join("")).toBe(left));
  await waitFor(() => expect(trashIn(runsDir)).toEqual([]));
  return server;
}

/** What the log tells of removals, in their order. */
const told = ({ log }: TestServer) =>
  log.map((line) => JSON.parse(line)).filter((line) => line.msg === "job removed by retention");

describe("at the start", () => {
  test("nothing goes without a rule", async () => {
    const runsDir = await runsDirWith("abcdef", { f: { daysAgo: 10_000, bytes: 1_000_000 } });
    const server = await startServer({ runsDir });
    await run(server, "basic:succeeds");
    expect(runsIn(runsDir)).toHaveLength(7);
    expect(told(server)).toEqual([]);
  });

  test.each<[string, string, string]>([
    ["--keep-days 2", "abcdef", "ab"],
    ["--keep-days 2.75", "abcdef", "abc"],
    ["--keep-runs 4", "abcdef", "abcd"],
    ["--keep-runs 3 --keep-days 5", "abcdef", "abc"],
    ["--keep-runs 5 --keep-days 1", "abcdef", "a"],
    ["--keep-bytes 1", "abcdef", "a"],
  ])("%s leaves of the runs %s just %s, and tells each with its rule", async (rules, names, left) => {
    const runsDir = await runsDirWith(names);
    const server = await startAndExpect(runsDir, rules.split(" "), left);
    expect((await send<{ total: number }>(server, "/jobs")).body.total).toBe(left.length);
    await waitFor(() => expect(told(server)).toHaveLength(names.length - left.length));
    for (const line of told(server))
      expect(line).toMatchObject({
        audit: true,
        action: "removed",
        rule: expect.stringMatching(/^QUANT_RUNS_KEEP_/),
      });
    expect(
      told(server)
        .map(({ job_id }) => job_id)
        .toSorted()
        .join(""),
    ).toBe(names.slice(left.length));
  });

  test("bytes are those of the disk, and the newest run stays however large", async () => {
    const sizes = {
      a: { bytes: 3_000_000 },
      b: { bytes: 200_000 },
      c: { bytes: 200_000 },
      d: { bytes: 200_000 },
    };
    const runsDir = await runsDirWith("abcd", sizes);
    const [a = 0, b = 0, c = 0] = await Promise.all(
      ["a", "b", "c"].map((name) => bytesOnDisk(join(runsDir, name))),
    );
    const server = await startAndExpect(runsDir, ["--keep-bytes", String(a + b + c)], "abc");
    await server.stop();
    await (await startAndExpect(runsDir, ["--keep-bytes", String(a + b + c - 1)], "ab")).stop();
    await startAndExpect(runsDir, ["--keep-bytes", "100000"], "a");
  });

  test.each<[string, string, string]>([
    ["--keep-runs 2", "f", "abf"],
    ["--keep-runs 2", "af", "abcf"],
    ["--keep-runs 2", "abcdef", "abcdef"],
    ["--keep-days 0.1", "bd", "bd"],
    ["--keep-bytes 1", "ac", "abc"],
  ])("%s removes no pinned run and counts none: with %s pinned it leaves %s", async (rules, pinned, left) => {
    const pins = Object.fromEntries([...pinned].map((name) => [name, { isPinned: true, bytes: 1_000_000 }]));
    await startAndExpect(await runsDirWith("abcdef", pins), rules.split(" "), left);
  });

  test("runs that wait, run, are the older wrapper's, damaged or no runs at all stay and do not count", async () => {
    const runsDir = await runsDirWith("abc");
    const before = await startServer({ runsDir, args: ["--concurrency", "1"] });
    const running = await submit(before, "stubborn:sleeps");
    await reached(before, running, "running");
    const waiting = await submit(before, "stubborn:sleeps");
    await before.kill();
    const original = {
      status: "completed",
      created_at: "2020-01-01T00:00:00",
      completed_at: "2020-01-01T00:00:01",
    };
    for (const [name, text] of [
      ["original", JSON.stringify({ job_id: "original", ...original })],
      ["damaged", "{"],
      ["strange folder", ""],
    ] as const) {
      await mkdir(join(runsDir, name));
      writeFileSync(join(runsDir, name, "status.json"), text);
      await utimes(join(runsDir, name), 0, 0);
    }
    mkdirSync(join(runsDir, "empty"));
    writeFileSync(join(runsDir, "file"), "");
    const precious = await temporaryFolder();
    await plantEnded(precious, "linked", { daysAgo: 1000 });
    symlinkSync(join(precious, "linked"), join(runsDir, "linked"));
    const server = await startServer({
      runsDir,
      args: ["--keep-runs", "1", "--keep-days", "0.6", "--concurrency", "1"],
    });
    await waitFor(() => expect(told(server)).toHaveLength(2));
    const others = ["original", "damaged", "strange folder", "empty", "file", "linked"];
    expect(runsIn(runsDir)).toEqual(["a", running, waiting, ...others].toSorted());
    expect(readdirSync(join(precious, "linked"))).toContain("job.json");
    for (const jobId of [waiting, running]) await send(server, `/jobs/${jobId}/cancel`, {});
  });
});

describe("while the server runs", () => {
  test("each end makes the oldest go, and what has just ended can be read", async () => {
    const runsDir = await temporaryFolder();
    const server = await startServer({ runsDir, args: ["--keep-runs", "3"] });
    const ids: string[] = [];
    for (let count = 0; count < 8; count++) {
      const { job_id, result } = await run(server, "basic:succeeds", { count });
      expect(result).toEqual({ result: { count } });
      ids.push(job_id);
    }
    await waitFor(() => expect(runsIn(runsDir)).toEqual(ids.slice(-3).toSorted()));
    await waitFor(() => expect(told(server).map(({ job_id }) => job_id)).toEqual(ids.slice(0, 5)));
    expect((await ask(server, "GET", `/jobs/${ids[0]}`)).status).toBe(404);
  });

  test("age makes a run go at its time", async () => {
    const runsDir = await temporaryFolder();
    const server = await startServer({ runsDir, args: ["--keep-days", "0.00002"] });
    const job_id = await submit(server, "basic:succeeds");
    await waitFor(() =>
      expect(told(server)).toMatchObject([{ job_id, rule: "QUANT_RUNS_KEEP_DAYS=0.00002" }]),
    );
    await waitFor(() => expect(runsIn(runsDir)).toEqual([]));
  });

  test("a pin and its end count at once, and so does a removal by a client", async () => {
    const runsDir = await temporaryFolder();
    const server = await startServer({ runsDir, args: ["--keep-runs", "2"] });
    const next = async () => (await run(server, "basic:succeeds")).job_id;
    const [first, second] = [await next(), await next()];
    for (const jobId of [first, second])
      expect((await ask(server, "PUT", `/jobs/${jobId}/pin`)).status).toBe(204);
    const [third, fourth] = [await next(), await next()];
    expect(runsIn(runsDir)).toEqual([first, second, third, fourth].toSorted());
    expect((await ask(server, "DELETE", `/jobs/${first}/pin`)).status).toBe(204);
    await waitFor(() => expect(runsIn(runsDir)).toEqual([second, third, fourth].toSorted()));
    expect((await ask(server, "DELETE", `/jobs/${fourth}`)).status).toBe(204);
    const fifth = await next();
    const sixth = await next();
    await waitFor(() => expect(runsIn(runsDir)).toEqual([second, fifth, sixth].toSorted()));
    await waitFor(() => expect(told(server).map(({ job_id }) => job_id)).toEqual([first, third]));
  });

  test("a run that was pinned by hand stays when its turn to go has come", async () => {
    const runsDir = await temporaryFolder();
    const server = await startServer({ runsDir, args: ["--keep-runs", "1"] });
    const first = (await run(server, "basic:succeeds")).job_id;
    writeFileSync(join(runsDir, first, "pinned"), "");
    const second = (await run(server, "basic:succeeds")).job_id;
    const third = (await run(server, "basic:succeeds")).job_id;
    await waitFor(() => expect(runsIn(runsDir)).toEqual([first, third].toSorted()));
    await waitFor(() => expect(told(server)).toMatchObject([{ job_id: second }]));
  });

  test("bytes count what a job has left on the disk", async () => {
    const runsDir = await temporaryFolder();
    const server = await startServer({ runsDir, args: ["--keep-bytes", "8000000"] });
    // Each takes three times that: job.json and status.json have the parameters, too.
    const leaves = async (kilobytes: number) =>
      (await run(server, "artifacts:leaves", { files: { "some/where/big": "x".repeat(kilobytes * 1000) } }))
        .job_id;
    const [first, second, third] = [await leaves(1000), await leaves(1000), await leaves(1500)];
    await waitFor(() => expect(runsIn(runsDir)).toEqual([second, third].toSorted()));
    await waitFor(() =>
      expect(told(server)).toMatchObject([{ job_id: first, rule: "QUANT_RUNS_KEEP_BYTES=8000000" }]),
    );
  });

  test("a run whose directory somebody has removed counts no longer", async () => {
    const runsDir = await temporaryFolder();
    const server = await startServer({ runsDir, args: ["--keep-runs", "3"] });
    const next = async () => (await run(server, "basic:succeeds")).job_id;
    const [first, second, third] = [await next(), await next(), await next()];
    for (const jobId of [second, third]) rmSync(join(runsDir, jobId), { recursive: true });
    const [fourth, fifth] = [await next(), await next()];
    expect(runsIn(runsDir)).toEqual([first, fourth, fifth].toSorted());
    const sixth = await next();
    await waitFor(() => expect(runsIn(runsDir)).toEqual([fourth, fifth, sixth].toSorted()));
    await waitFor(() => expect(told(server)).toMatchObject([{ job_id: first }]));
  });
});
