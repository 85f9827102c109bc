import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ProblemBody } from "../../src/http/problem.ts";
import { noLimits } from "../../src/jobs/limits.ts";
import { createRunDirectory } from "../../src/runs/accept.ts";
import { temporaryFolder } from "../support/server.ts";
import { emptyApp } from "./empty-app.ts";

// What goes wrong on the server's side of the request, without a disk that would have to be filled for it.

const jobId = "20260101-000000-0000000000";
const request = {
  limits: noLimits,
  job_id: jobId,
  created_at: "2026-01-01T00:00:00.000000+00:00",
  entrypoint: "basic:succeeds",
  runtime: "python",
  labels: {},
  submitted_by: null,
  env: {},
};

function failure(code: string): () => Promise<never> {
  return () => Promise.reject(Object.assign(new Error(`${code}: '/a/secret/path'`), { code }));
}

test.each([
  ["ENOSPC", 507, /disk of the runs directory is full/],
  ["EDQUOT", 507, /disk of the runs directory is full/],
  ["EIO", 503, /runs directory cannot be written/],
  ["EBADF", 500, /its log says why/],
])("a job that cannot be written down (%s) gets %i", async (code, status, detail) => {
  const app = emptyApp({ actions: { accept: failure(code) } });
  const response = await app.request("/jobs", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ entrypoint: "basic:succeeds" }),
  });
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = ProblemBody.strict().parse(await response.json());
  expect(problem).toMatchObject({ status, detail: expect.stringMatching(detail) });
  expect(JSON.stringify(problem)).not.toContain("secret");
});

test("a job that cannot be brought up to date is shown as it is known, and listed", async () => {
  const runsDir = await temporaryFolder();
  await createRunDirectory(runsDir, { ...request, submission: null, parameters: '{"a": 1.0}' }, "process");
  await rm(join(runsDir, jobId, "status.json"));
  const job = { ...request, state: { status: "pending" } } as const;
  const app = emptyApp({ runsDir, jobs: [job], actions: { refresh: failure("ENOSPC") } });
  const shown = await (await app.request(`/jobs/${jobId}`)).json();
  expect(shown).toMatchObject({ job_id: jobId, status: "pending", parameters: { a: 1 } });
  expect(await (await app.request("/jobs")).json()).toEqual({
    jobs: [shown],
    count: 1,
    total: 1,
    next_cursor: null,
  });
});
