import { existsSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ended, run, send, sharedServer, submit, temporaryFolder, waitFor } from "../support/server.ts";
import { openSocket, requestText } from "./raw.ts";

const server = sharedServer();

/** Larger than 1 MiB, so that a status only says where it is, and than what a socket takes at once. */
const large = { text: "x".repeat(7 * 1024 * 1024) };

/** Files of run directories that the server has open. */
function openFiles(): string[] {
  const folder = `/proc/${server().pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      const path = readlinkSync(`${folder}/${name}`);
      return path.startsWith(server().runsDir) && path.includes("result") ? [path] : [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

test("a result beyond 1 MiB is fetched at the address that the job names", async () => {
  const job = await run(server(), "basic:succeeds", large);
  expect(job).toMatchObject({
    status: "completed",
    result: null,
    result_url: `/jobs/${job.job_id}/result`,
    result_bytes: expect.any(Number),
  });
  const { status, headers, body, text } = await send(server(), String(job.result_url));
  expect({ status, type: headers.get("content-type") }).toEqual({ status: 200, type: "application/json" });
  expect(body).toEqual({ result: large });
  expect(text.length).toBeGreaterThan(large.text.length);
});

test("a small result is fetched there, too", async () => {
  const job = await run(server(), "basic:succeeds", { one: 1 });
  expect(job).not.toHaveProperty("result_url");
  expect((await send(server(), `/jobs/${job.job_id}/result`)).body).toEqual({ result: { one: 1 } });
});

test.each([
  ["has returned nothing", "basic:returns_nothing", "completed"],
  ["has failed", "endings:raises", "failed"],
])("a job that %s has no result to fetch", async (_what, entrypoint, status) => {
  const { job_id } = await run(server(), entrypoint);
  const answer = await send(server(), `/jobs/${job_id}/result`);
  expect({ status: answer.status, detail: answer.body.detail }).toEqual({
    status: 404,
    detail: `Job ${job_id} has no result: it is ${status}`,
  });
});

test("a job that has not ended has no result yet", async () => {
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server(), "basic:waits_for_file", { path });
  expect((await send(server(), `/jobs/${jobId}/result`)).status).toBe(404);
  writeFileSync(path, "");
  await ended(server(), jobId);
  expect((await send(server(), `/jobs/${jobId}/result`)).body).toEqual({ result: "found" });
});

test.skipIf(!existsSync("/proc/self/fd"))("no result stays open for those who do not read it", async () => {
  const { job_id } = await run(server(), "basic:succeeds", large);
  const address = `/jobs/${job_id}/result`;
  for (let count = 0; count < 10; count++) await fetch(server().url + address, { method: "HEAD" });
  for (let count = 0; count < 10; count++) {
    const socket = await openSocket(server());
    socket.write(requestText(`GET ${address}`));
    await waitFor(() => expect(socket.bytesRead + socket.readableLength).toBeGreaterThan(0));
    socket.destroy();
  }
  await waitFor(() => expect(openFiles()).toEqual([]));
});

test("every line of the log is JSON, whatever clients did", () => {
  expect(server().log.length).toBeGreaterThan(0);
  for (const line of server().log) expect(JSON.parse(line)).toMatchObject({ level: "info" });
});
