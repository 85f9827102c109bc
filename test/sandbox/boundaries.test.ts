import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fixtures, home, type Job, run, send, temporaryFolder, waitFor } from "../support/server.ts";
import { needBubblewrap, startSandboxed } from "./sandboxed.ts";

needBubblewrap();

const denied = expect.stringMatching(/^(EROFS|EACCES|ENOENT)$/);

/** What came of the attempts of a job, by kind and target. */
async function attempts(
  server: Parameters<typeof run>[0],
  wanted: Record<string, readonly (string | number)[]>,
): Promise<Record<string, Record<string, string>>> {
  const { result, error } = await run(server, "attempts:attempts", wanted);
  expect(error).toBeNull();
  return Object(result).result;
}

function everyOne(targets: readonly (string | number)[], outcome: unknown): Record<string, unknown> {
  return Object.fromEntries(targets.map((target) => [target, outcome]));
}

test("a job writes to its run directory as it would without a sandbox", async () => {
  const server = await startSandboxed();
  const job = await run(server, "artifacts:leaves", { files: { "plots/equity.csv": "1,2\n" } });
  const file = await send(server, `/jobs/${job.job_id}/files/plots/equity.csv`);
  expect(file).toMatchObject({ status: 200, text: "1,2\n" });
  const status = readFileSync(join(server.runsDir, job.job_id, "status.json"), "utf8");
  expect(JSON.parse(status)).toEqual(job);
  expect(job).toMatchObject({ status: "completed", error: null });
});

test("a job writes nowhere else", async () => {
  const server = await startSandboxed();
  const other = await run(server, "basic:returns_nothing");
  const folders = [homedir(), "/etc", "/var/tmp", fixtures, home, server.runsDir];
  folders.push(join(server.runsDir, other.job_id));
  expect(await attempts(server, { write: folders })).toEqual({ write: everyOne(folders, denied) });
});

test("a job's /tmp and /dev/shm are its own", async () => {
  const server = await startSandboxed();
  const folders = ["/tmp", "/dev/shm"];
  expect(await attempts(server, { write: folders })).toEqual({ write: everyOne(folders, "done") });
  expect(folders.filter((folder) => existsSync(join(folder, "written-by-a-job")))).toEqual([]);
});

test("a job writes to folders that are allowed", async () => {
  const folder = await temporaryFolder();
  const server = await startSandboxed({ env: { QUANT_RUNS_SANDBOX_WRITE: folder } });
  await attempts(server, { write: [folder] });
  expect(readFileSync(join(folder, "written-by-a-job"), "utf8")).toBe("written");
});

test("of the runs directory, a job sees its own run directory alone", async () => {
  const server = await startSandboxed();
  const other = await run(server, "basic:returns_nothing");
  const job = await run(server, "attempts:lists", { path: server.runsDir });
  expect(job.result).toEqual({ result: [".events", job.job_id].toSorted() });
  const files = [join(server.runsDir, ".lock"), join(server.runsDir, other.job_id, "job.json")];
  expect(await attempts(server, { read: files })).toEqual({ read: everyOne(files, "ENOENT") });
});

test("a job reads no file of tokens or secrets, by whatever name", async () => {
  const folder = await temporaryFolder();
  const [tokens, secrets, link] = [join(folder, "tokens"), join(folder, "secrets"), join(folder, "link")];
  symlinkSync(tokens, link);
  writeFileSync(tokens, "desk run secret-of-the-desk\n");
  writeFileSync(secrets, "PASSWORD=swordfish\n");
  const env = { QUANT_RUNS_TOKEN_FILE: link, QUANT_RUNS_SECRETS_FILE: secrets };
  const server = await startSandboxed({ env: { ...env, QUANT_RUNS_SANDBOX_WRITE: folder } });
  const files = [tokens, link, secrets];
  const answer = await fetch(new URL("/jobs", server.url), {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer secret-of-the-desk" },
    body: JSON.stringify({ entrypoint: "attempts:attempts", parameters: { read: files } }),
  });
  const job: Job = JSON.parse(await answer.text());
  const ended = await waitFor((): Job => {
    const record = JSON.parse(readFileSync(join(server.runsDir, job.job_id, "status.json"), "utf8"));
    expect(["completed", "failed"]).toContain(record.status);
    return record;
  });
  expect(ended.result).toEqual({ result: { read: everyOne(files, denied) } });
});

test("a job sees no process outside, and reaches none", async () => {
  const server = await startSandboxed();
  const environment = `/proc/${server.pid}/environ`;
  expect(await attempts(server, { kill: [server.pid], read: [environment] })).toEqual({
    kill: { [server.pid]: "ESRCH" },
    read: { [environment]: "ENOENT" },
  });
  const job = await run(server, "attempts:lists", { path: "/proc" });
  const pids = Object(job.result).result.filter((name: string) => /^\d+$/.test(name));
  expect(pids).toEqual(["1", expect.any(String)]);
});

test("a job has no capabilities, gains none and changes no setting of the kernel, though it be root's", async () => {
  const server = await startSandboxed();
  const status = String(
    Object((await run(server, "attempts:reads", { path: "/proc/self/status" })).result).result,
  );
  expect(status).toMatch(/^CapPrm:\t0+\nCapEff:\t0+$/m);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  const settings = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory"];
  expect(await attempts(server, { set: settings })).toEqual({ set: everyOne(settings, denied) });
});

test("a job reaches no network, its own server included, and no socket of a program outside", async () => {
  const folder = await temporaryFolder();
  const path = join(folder, "socket");
  const listening = createServer().listen(path);
  onTestFinished(() => void listening.close());
  const server = await startSandboxed();
  const port = Number(new URL(server.url).port);
  const outcomes = await attempts(server, { connect: [port], connect_path: [path, "/run/docker.sock"] });
  expect(outcomes.connect).toEqual({ [port]: "ECONNREFUSED" });
  expect(outcomes.connect_path).toEqual(everyOne([path, "/run/docker.sock"], "ENOENT"));
});

test("a job reaches the network where that is allowed", async () => {
  const server = await startSandboxed({ env: { QUANT_RUNS_SANDBOX_NETWORK: "yes" } });
  const port = Number(new URL(server.url).port);
  expect(await attempts(server, { connect: [port] })).toEqual({ connect: { [port]: "done" } });
});
