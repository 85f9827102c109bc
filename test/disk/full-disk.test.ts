import { join } from "node:path";
import { expect, test } from "vitest";
import { besideServer, inNamespaces } from "../support/namespaces.ts";
import {
  ended,
  home,
  type Job,
  reached,
  run,
  send,
  startServer,
  submit,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";

/** A server whose runs directory is a small disk of its own. */
async function startOnSmallDisk(size: string) {
  const runsDir = await temporaryFolder();
  const command = inNamespaces(["--mount"], `mount -t tmpfs -o size=${size} none '${runsDir}'`);
  return startServer({ runsDir, command, args: ["--concurrency", "1"] });
}

test("a job that does not fit on the disk is refused with 507 and leaves nothing behind", async () => {
  const server = await startOnSmallDisk("1m");
  const parameters = { text: "x".repeat(100_000) };
  const statuses: number[] = [];
  const waiting = await submit(server, "stubborn:sleeps");
  await reached(server, waiting, "running");
  while (!statuses.includes(507) && statuses.length < 30) {
    statuses.push((await send(server, "/jobs", { entrypoint: "basic:succeeds", parameters })).status);
  }
  expect(new Set(statuses)).toEqual(new Set([201, 507]));
  const accepted = statuses.filter((status) => status === 201).length;
  expect((await send(server, "/jobs")).body.total).toBe(accepted + 1);
  const folders = (await besideServer(server.pid, "ls", server.runsDir)).split("\n");
  expect(folders).toHaveLength(accepted + 1);
  expect(await besideServer(server.pid, "ls", "-A", server.runsDir)).not.toContain(".new-");
});

test("a shim that cannot write how its job ended waits until it can, and invents nothing", async () => {
  const server = await startOnSmallDisk("1m");
  const jobId = await submit(server, "disk:fills_disk");
  const folder = `${server.runsDir}/${jobId}`;
  await waitFor(async () =>
    expect(await besideServer(server.pid, "df", "--output=pcent", folder)).toContain("100%"),
  );
  const shim = Number(JSON.parse(await besideServer(server.pid, "cat", `${folder}/claim`)).pid);
  await waitFor(async () =>
    expect(await besideServer(server.pid, "cat", `/proc/${shim}/task/${shim}/children`)).toBe(""),
  );
  expect((await send<Job>(server, `/jobs/${jobId}`)).body.status).toBe("running");
  await besideServer(server.pid, "rm", `${folder}/filler`);
  expect(await ended(server, jobId)).toMatchObject({ status: "completed", failure: null });
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
});

test("a job that has filled the disk can be cancelled, though its wish finds no room", async () => {
  const server = await startOnSmallDisk("1m");
  const jobId = await submit(server, "disk:fills_disk_and_stays");
  const folder = `${server.runsDir}/${jobId}`;
  await waitFor(async () =>
    expect(await besideServer(server.pid, "df", "--output=pcent", folder)).toContain("100%"),
  );
  const shim = Number(JSON.parse(await besideServer(server.pid, "cat", `${folder}/claim`)).pid);
  expect((await send(server, `/jobs/${jobId}/cancel`, {})).status).toBe(202);
  await waitFor(async () =>
    expect(await besideServer(server.pid, "cat", `/proc/${shim}/task/${shim}/children`)).toBe(""),
  );
  await besideServer(server.pid, "rm", `${folder}/filler`);
  expect((await ended(server, jobId)).failure?.reason).toBe("cancelled");
});

test("a server starts on a full disk, and its log may be full too", async () => {
  const runsDir = await temporaryFolder();
  const command = inNamespaces(
    ["--mount"],
    `mount -t tmpfs -o size=64k none '${runsDir}' && mkdir '${runsDir}/.events' && ` +
      `(head -c 1000000 /dev/zero > '${runsDir}/filler' || true) 2>/dev/null`,
  );
  const server = await startServer({ runsDir, command });
  expect((await send(server, "/jobs", { entrypoint: "basic:succeeds" })).status).toBe(507);
  expect(server.log.join("\n")).toContain("cannot tell in the lock file");
  await besideServer(server.pid, "rm", `${runsDir}/filler`);
  expect((await run(server, "basic:succeeds")).status).toBe("completed");
});

/** A server whose runs directory turns read-only (EROFS) once the first job is accepted. */
function startThatTurnsReadOnly() {
  const inject = "--inject=rename,renameat,renameat2:error=EROFS:when=2+";
  const strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "--detach-on=execve", inject];
  const command = [...strace, process.execPath, join(home, "src", "main.ts")];
  return startServer({ command, env: { UV_THREADPOOL_SIZE: "1" } });
}

test("a runs directory that turns read-only refuses jobs with 503 and still shows those it has", async () => {
  const server = await startThatTurnsReadOnly();
  const job = await run(server, "basic:succeeds");
  const refused = await send<{ detail: string }>(server, "/jobs", { entrypoint: "basic:succeeds" });
  expect(refused.status).toBe(503);
  expect(refused.body.detail).toContain("runs directory");
  expect((await send<Job>(server, `/jobs/${job.job_id}`)).body).toEqual(job);
  expect((await send(server, "/jobs")).body.total).toBe(1);
});

test("a server does not start on a read-only runs directory", async () => {
  const runsDir = await temporaryFolder();
  const command = inNamespaces(["--mount"], `mount -t tmpfs -o size=1m,ro none '${runsDir}'`);
  await expect(startServer({ runsDir, command })).rejects.toThrow(
    /the runs directory .* cannot be written \(EROFS\)/,
  );
});
