import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plantEnded, runsIn } from "../support/planted-runs.ts";
import {
  ended,
  home,
  run,
  send,
  sharedServer,
  startServer,
  submit,
  temporaryFolder,
  waitFor,
} from "../support/server.ts";
import { ask } from "./ask.ts";

const server = sharedServer({ args: ["--concurrency", "2"] });

const pinOf = (jobId: string, method: string) => ask(server(), method, `/jobs/${jobId}/pin`);
const remove = (jobId: string) => ask(server(), "DELETE", `/jobs/${jobId}`);
const fileOf = (jobId: string) => join(server().runsDir, jobId, "pinned");
const isShownPinned = async (jobId: string) => JSON.parse((await pinOf(jobId, "GET")).text).pinned;

test("a pinned run is not removed, and says what keeps it", async () => {
  const { job_id } = await run(server(), "basic:succeeds");
  for (let count = 0; count < 2; count++) expect((await pinOf(job_id, "PUT")).status).toBe(204);
  expect(existsSync(fileOf(job_id))).toBe(true);
  expect(await isShownPinned(job_id)).toBe(true);
  const { status, detail } = await remove(job_id);
  expect({ status, detail }).toEqual({
    status: 409,
    detail: `Job ${job_id} is pinned, by the file 'pinned' in its run directory: DELETE /jobs/${job_id}/pin first`,
  });
  for (let count = 0; count < 2; count++) expect((await pinOf(job_id, "DELETE")).status).toBe(204);
  expect(await isShownPinned(job_id)).toBe(false);
  expect((await remove(job_id)).status).toBe(204);
  await waitFor(() => {
    const told = server()
      .log.map((line) => JSON.parse(line))
      .filter((line) => line.audit === true && line.job_id === job_id);
    expect(told.map(({ action }) => action)).toEqual([
      "submitted",
      ...["pinned", "pinned"],
      ...["unpinned", "unpinned"],
      "removed",
    ]);
  });
});

test("a pin is a file that anybody may make and remove, and is no artifact", async () => {
  const { job_id } = await run(server(), "artifacts:leaves", { files: { pinned: "", "a.txt": "" } });
  expect(await isShownPinned(job_id)).toBe(true);
  const { files } = (await send<{ files: { path: string }[] }>(server(), `/jobs/${job_id}/files`)).body;
  expect(files.map(({ path }) => path)).toEqual(["a.txt"]);
  expect((await ask(server(), "GET", `/jobs/${job_id}/files/pinned`)).status).toBe(404);
  expect((await remove(job_id)).status).toBe(409);
  rmSync(fileOf(job_id));
  expect((await remove(job_id)).status).toBe(204);
});

test("a run can be pinned before its job has ended", async () => {
  const path = join(await temporaryFolder(), "go");
  const jobId = await submit(server(), "basic:waits_for_file", { path });
  expect((await pinOf(jobId, "PUT")).status).toBe(204);
  writeFileSync(path, "");
  expect((await ended(server(), jobId)).status).toBe("completed");
  expect((await remove(jobId)).status).toBe(409);
});

test("a folder of that name pins, too, and is not ours to delete", async () => {
  const { job_id } = await run(server(), "basic:succeeds");
  mkdirSync(join(fileOf(job_id), "inside"), { recursive: true });
  expect((await pinOf(job_id, "PUT")).status).toBe(204);
  expect((await remove(job_id)).status).toBe(409);
  expect((await pinOf(job_id, "DELETE")).status).toBe(409);
  expect(readdirSync(fileOf(job_id))).toEqual(["inside"]);
});

test.each(["GET", "PUT", "DELETE"])("%s for a job that is none gets 404", async (method) => {
  for (const jobId of ["none", "%2e%2e", ".events"]) expect((await pinOf(jobId, method)).status).toBe(404);
  expect(existsSync(join(server().runsDir, ".events", "pinned"))).toBe(false);
});

test("a run whose pin was confirmed is never removed by a removal at the same time", async () => {
  const runsDir = await temporaryFolder();
  const ids = Array.from({ length: 100 }, (_, index) => `run-${index}`);
  for (const jobId of ids) await plantEnded(runsDir, jobId);
  const other = await startServer({ runsDir });
  const outcomes = await Promise.all(
    ids.flatMap((jobId) => [ask(other, "PUT", `/jobs/${jobId}/pin`), ask(other, "DELETE", `/jobs/${jobId}`)]),
  );
  for (const [index, jobId] of ids.entries()) {
    const [pinned, removed] = [outcomes[2 * index]?.status, outcomes[2 * index + 1]?.status];
    const isThere = runsIn(runsDir).includes(jobId);
    expect([
      { pinned: 204, removed: 409, isThere: true },
      { pinned: 404, removed: 204, isThere: false },
    ]).toContainEqual({ pinned, removed, isThere });
  }
});

test("a pin that comes while a run is being moved to the trash is confirmed for no run that goes", async () => {
  const runsDir = await temporaryFolder();
  await plantEnded(runsDir, "run");
  const inject = "--inject=rename,renameat,renameat2:delay_enter=300000";
  const strace = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "--detach-on=execve", inject];
  const command = [...strace, process.execPath, join(home, "src", "main.ts")];
  const other = await startServer({ runsDir, command });
  let isOver = false;
  const removal = ask(other, "DELETE", "/jobs/run").finally(() => {
    isOver = true;
  });
  const pins: number[] = [];
  while (!isOver) pins.push((await ask(other, "PUT", "/jobs/run/pin")).status);
  const isGone = (await removal).status === 204;
  expect(new Set(pins)).toEqual(new Set([isGone ? 404 : 204]));
  expect(runsIn(runsDir)).toEqual(isGone ? [] : ["run"]);
});
