import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileNames } from "../../src/runs/run-directory.ts";
import { ask } from "../removal/ask.ts";
import { plantEnded, runsIn, trashIn } from "../support/planted-runs.ts";
import { type Job, send, startServer, temporaryFolder, waitFor } from "../support/server.ts";
import { killedAt } from "./killed-at.ts";
import { crashPointAfter, patience } from "./scale.ts";

/** Every system call by which a removal changes something, or sees to its order. */
const mutating = "rename,renameat,renameat2,unlink,unlinkat,rmdir,fsync,fdatasync";

const ids = ["run-a", "run-b"];

/** Removes two runs as far as the server comes, then looks at what is left. True when it came to the end. */
async function survive(count: number): Promise<boolean> {
  const runsDir = await temporaryFolder();
  for (const jobId of ids) await plantEnded(runsDir, jobId, { bytes: 1000 });
  const env = { UV_THREADPOOL_SIZE: "1" };
  const { statuses, reachedTheEnd } = await startServer({
    runsDir,
    env,
    command: killedAt(mutating, count),
  }).then(
    async (server) => {
      const removals = ids.map((jobId) => ask(server, "DELETE", `/jobs/${jobId}`).catch(() => undefined));
      const statuses = (await Promise.all(removals)).map((answer) => answer?.status);
      const isEmptied = await Promise.race([
        server.ended.then(() => false),
        waitFor(() => expect(trashIn(runsDir)).toEqual([])).then(() => true),
      ]);
      await server.kill();
      return { statuses, reachedTheEnd: isEmptied && statuses.every((status) => status === 204) };
    },
    () => ({ statuses: [], reachedTheEnd: false }),
  );
  await expectWholeOrGone(runsDir, statuses);
  return reachedTheEnd;
}

async function expectWholeOrGone(runsDir: string, statuses: readonly (number | undefined)[]): Promise<void> {
  for (const jobId of runsIn(runsDir))
    for (const name of [fileNames.job, fileNames.status, fileNames.exit, "made.bin"])
      expect(existsSync(join(runsDir, jobId, name)), `${jobId} has its ${name}`).toBe(true);
  const server = await startServer({ runsDir });
  for (const [index, jobId] of ids.entries()) {
    const { status, body } = await send<Job>(server, `/jobs/${jobId}`);
    if (statuses[index] === 204) expect(status).toBe(404);
    expect([200, 404]).toContain(status);
    if (status === 200) expect(body.status).toBe("completed");
  }
  await waitFor(() => expect(trashIn(runsDir)).toEqual([]));
  await server.kill();
}

test("a server killed at each step of a removal leaves each run whole or gone", {
  timeout: patience,
}, async () => {
  let points = 0;
  for (let count = 1; !(await survive(count)); count = crashPointAfter(count)) points++;
  process.stdout.write(`server killed at ${points} steps of two removals\n`);
  expect(points, "steps at which the server was killed").toBeGreaterThan(3);
});
