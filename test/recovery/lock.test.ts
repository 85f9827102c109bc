import { join } from "node:path";
import { expect, test } from "vitest";
import { reached, send, startServer, submit, temporaryFolder } from "../support/server.ts";

test("a second server on the same runs directory does not start and names the first", async () => {
  const server = await startServer();
  const second = startServer({ runsDir: server.runsDir });
  await expect(second).rejects.toThrow(`served by another server: process ${server.pid} on `);
  await expect(startServer({ runsDir: server.runsDir })).rejects.toThrow(`at ${server.url}, since 20`);
  expect((await send(server, "/health")).status).toBe(200);
});

test("a killed server holds no lock, though its jobs run on", async () => {
  const server = await startServer();
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server, "basic:waits_for_file", { path });
  await reached(server, jobId, "running");
  await server.kill();
  const next = await startServer({ runsDir: server.runsDir });
  expect((await send(next, `/jobs/${jobId}`)).body.status).toBe("running");
});
