import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exitOf } from "../support/processes.ts";
import { ended, type Job, reached, send, startServer, temporaryFolder, waitFor } from "../support/server.ts";

/** libfaketime(1) gives the shim and its job a wall clock that a file sets, and leaves the monotonic clocks alone. */
async function serverWithClock() {
  const clock = join(await temporaryFolder(), "clock");
  writeFileSync(clock, "+0");
  const server = await startServer({
    env: {
      LD_PRELOAD: "/usr/$LIB/faketime/libfaketime.so.1",
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: "1",
      DONT_FAKE_MONOTONIC: "1",
      FAKETIME_SKIP_CMDS: "node",
    },
  });
  return { server, set: (offset: string) => writeFileSync(clock, offset) };
}

test.each(["+3600", "-3600", "-1000000000"])(
  "a wall clock set by %s s stops no job before its time, and none later",
  async (offset) => {
    const { server, set } = await serverWithClock();
    const path = join(await temporaryFolder(), "go");
    execFileSync("mkfifo", [path]);
    const parameters = { path };
    const limits = { timeout_seconds: 600, silence_timeout_seconds: 600 };
    const request = { entrypoint: "basic:waits_for_writer", parameters, ...limits };
    const patient = (await send<Job>(server, "/jobs", request)).body.job_id;
    await reached(server, patient, "running");
    set(offset);
    const short = (
      await send<Job>(server, "/jobs", {
        entrypoint: "basic:waits_for_writer",
        parameters,
        timeout_seconds: 0.5,
      })
    ).body.job_id;
    const silent = (
      await send<Job>(server, "/jobs", {
        entrypoint: "basic:waits_for_writer",
        parameters,
        silence_timeout_seconds: 0.5,
      })
    ).body.job_id;
    for (const jobId of [short, silent]) {
      await reached(server, jobId, "running", "failed");
      expect((await ended(server, jobId)).failure?.reason).toBe("timeout");
    }
    expect((await send<Job>(server, `/jobs/${patient}`)).body.status).toBe("running");
    writeFileSync(path, "");
    expect((await ended(server, patient)).status).toBe("completed");
    await waitFor(() => expect(exitOf(server.runsDir, patient).seconds).toBeLessThan(600));
  },
);
