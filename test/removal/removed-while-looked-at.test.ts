import { expect, test } from "vitest";
import type { Job } from "../../src/jobs/job.ts";
import { emptyServer } from "../http/empty-app.ts";

const ended: Job = {
  job_id: "a",
  created_at: "2026-01-01T00:00:00.000000+00:00",
  entrypoint: "a:b",
  runtime: "python",
  labels: {},
  state: { status: "completed", started_at: null, completed_at: "2026-01-01T00:00:01.000000+00:00" },
};

/** A server with an ended job whose run directory is gone, where something happens as soon as a look at it has begun. */
function lookedAt(happens: (index: ReturnType<typeof emptyServer>["index"]) => void) {
  const server = emptyServer({ jobs: [ended] });
  const complaints: string[] = [];
  server.events.on("trouble", (what) => complaints.push(what));
  const get = server.index.get.bind(server.index);
  let isFirst = true;
  server.index.get = (jobId) => {
    const job = get(jobId);
    if (isFirst) queueMicrotask(() => happens(server.index));
    isFirst = false;
    return job;
  };
  return { ...server, complaints };
}

test("a job whose run directory somebody has removed is told of", async () => {
  const { supervisor, index, complaints } = lookedAt(() => undefined);
  expect(await supervisor.refresh("a")).toBe("gone");
  expect(index.get("a")).toBeUndefined();
  expect(complaints).toEqual(["run directory is gone; job forgotten"]);
});

test("a job that the server has removed meanwhile is not", async () => {
  const { supervisor, complaints } = lookedAt((index) => index.remove("a"));
  expect(await supervisor.refresh("a")).toBe("gone");
  expect(complaints).toEqual([]);
});

test("nor is the next job of the same id lost with it", async () => {
  const next: Job = {
    ...ended,
    created_at: "2026-01-02T00:00:00.000000+00:00",
    state: { status: "pending" },
  };
  const { supervisor, index, complaints } = lookedAt((known) => {
    known.remove("a");
    known.add(next);
  });
  await supervisor.refresh("a");
  expect(index.get("a")).toMatchObject(next);
  expect(complaints).toEqual([]);
});
