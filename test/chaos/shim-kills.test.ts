import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { claimOf, processesOf } from "../support/processes.ts";
import { ended, reached, startServer, submit, waitFor } from "../support/server.ts";
import { patience, report, scale } from "./scale.ts";

test(`${scale.shimKills} kills of shims: every job ends as failed, none as completed`, {
  timeout: patience,
}, async () => {
  const server = await startServer({ args: ["--concurrency", "8"] });
  const seconds: number[] = [];
  const killOne = async () => {
    const jobId = await submit(server, "basic:succeeds_after", { seconds: 600 });
    await reached(server, jobId, "running");
    await setTimeout(Math.random() * 50);
    process.kill(claimOf(server.runsDir, jobId).pid, "SIGKILL");
    const killedAt = performance.now();
    expect(await ended(server, jobId)).toMatchObject({ status: "failed", failure: { reason: "lost" } });
    seconds.push((performance.now() - killedAt) / 1000);
    await waitFor(() => expect(processesOf(server.runsDir, jobId)).toEqual([]));
  };
  for (let done = 0; done < scale.shimKills; done += 8) {
    await Promise.all(Array.from({ length: Math.min(8, scale.shimKills - done) }, killOne));
  }
  report("seconds from the kill of a shim to its job's end", seconds);
});
