import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { JobAccepted, JobDocument } from "../../src/http/schemas.ts";
import { ended, fixtures, run, send, sharedServer, waitFor } from "../support/server.ts";
import { installedPython } from "./interpreters.ts";

// What a user of the original wrapper has goes on working, and reads what it always read.

const server = sharedServer({ env: { MDPS_ENTRYPOINT: "basic:succeeds" } });

/** The oldest Python that is served, where there is one: its fromisoformat reads the fewest forms. */
const python = installedPython("3.9") ?? "python3";

const parameters = { symbol: "EURUSD", threshold: 1 };

test("a Python client on urllib", async () => {
  const { stdout } = await execa(python, [join(fixtures, "original_client.py"), server().url]);
  expect(JSON.parse(stdout)).toEqual({
    result: parameters,
    details: [
      [404, "Job unknown not found"],
      [400, expect.stringContaining("'module:callable'")],
    ],
  });
});

test("a JavaScript client on fetch", async () => {
  const accepted = await fetch(`${server().url}/jobs`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ parameters }),
  });
  expect(accepted.ok).toBe(true);
  const { job_id } = JobAccepted.parse(await accepted.json());
  const job = await waitFor(async () => {
    const status = JobDocument.parse(await (await fetch(`${server().url}/jobs/${job_id}`)).json());
    if (!["completed", "failed"].includes(status.status)) throw new Error(`still ${status.status}`);
    return status;
  });
  expect(job.result?.result).toEqual(parameters);
  expect(Date.parse(job.completed_at ?? "")).toBeGreaterThanOrEqual(Date.parse(job.created_at));
});

test("every timestamp means the same to Python's fromisoformat and JavaScript's Date", async () => {
  const job = await run(server(), "endings:raises");
  const { timestamp } = (await send(server(), "/health")).body;
  const stamps = [timestamp, job.created_at, job.started_at, job.completed_at].map(String);
  const program =
    "import sys; from datetime import datetime\n" +
    "for text in sys.argv[1:]: print(round(datetime.fromisoformat(text).timestamp() * 1000000))";
  const { stdout } = await execa(python, ["-c", program, ...stamps]);
  const milliseconds = stdout.split("\n").map((line) => Math.floor(Number(line) / 1000));
  expect(milliseconds).toEqual(stamps.map((text) => Date.parse(text)));
});

test("values keep their text from the request to the answer", async () => {
  const sent =
    '{ "b": 1.0,\r\n  "a" : 12345678901234567890, "c":1E400, "__proto__": {"d": -0.0}, "2": "\\ud83d\\ude00 \\n" }';
  const { body } = await send<{ job_id: string; status_file: string }>(
    server(),
    "/jobs",
    `{"parameters":  ${sent}  , "timeout_seconds": 60}`,
  );
  await ended(server(), body.job_id); // while it runs, its progress comes behind what is looked for
  const shown = (await send(server(), `/jobs/${body.job_id}`)).text;
  const written = readFileSync(join(body.status_file, "..", "job.json"), "utf8");
  // On one line: each line break, which JSON allows between values only, is a space.
  const kept = `"parameters": ${sent.replaceAll(/[\r\n]/g, " ")}\n`;
  expect({ shown, written }).toEqual({
    shown: expect.stringContaining(kept),
    written: expect.stringContaining(kept),
  });
});
