import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { maskOf } from "../../src/secrets/mask.ts";
import { eventsOf } from "../support/event-stream.ts";
import { type Job, run, send, sharedServer } from "../support/server.ts";
import { emptyServer } from "./empty-app.ts";

// While a process holds a lease on a file of its own (fcntl(2), F_SETLEASE), nobody else can open that without waiting.
const lease = `
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
files = [os.open(path, os.O_RDWR) for path in sys.argv[1:]]
for file in files:
    os.fchmod(file, 0o600) # what was read of it before is read anew
    fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print("held", flush=True)
sys.stdin.read()
`;

/** Keeps everybody from reading some files of a run directory, until the test is over. */
async function withhold(directory: string, ...names: string[]): Promise<void> {
  const holder = execa("python3", ["-c", lease, ...names.map((name) => join(directory, name))], {
    stdin: "pipe",
    reject: false,
  });
  onTestFinished(async () => {
    holder.kill("SIGKILL");
    await holder;
  });
  for await (const line of createInterface({ input: holder.stdout })) if (line === "held") return;
  throw new Error(`no lease: ${(await holder).stderr}`);
}

const server = sharedServer();

async function listed(jobId: string): Promise<{ status: number; job: Job | undefined }> {
  const { status, body } = await send<{ jobs?: Job[] }>(server(), "/jobs");
  return { status, job: body.jobs?.find(({ job_id }) => job_id === jobId) };
}

test("a status.json that nobody may read is made up for from the other records", async () => {
  const { job_id, usage: _usage, ...known } = await run(server(), "endings:raises", { number: 1 });
  await withhold(join(server().runsDir, job_id), "status.json");
  const shown = await send<Job>(server(), `/jobs/${job_id}`);
  expect(shown).toMatchObject({ status: 200, body: known });
  expect(await listed(job_id)).toEqual({ status: 200, job: shown.body });
});

test("a job that nobody may read at all is listed as it is known, and is no answer by itself", async () => {
  const { job_id, status, created_at, entrypoint } = await run(server(), "endings:raises");
  await withhold(join(server().runsDir, job_id), "status.json", "job.json", "exit.json");
  const answer = await listed(job_id);
  expect(answer).toMatchObject({ status: 200, job: { status, created_at, entrypoint, parameters: null } });
  expect((await send(server(), `/jobs/${job_id}`)).status).toBe(503);
});

test("such a job does not end a stream of the changes of all", async () => {
  const withheld = await run(server(), "basic:succeeds");
  await withhold(join(server().runsDir, withheld.job_id), "status.json", "job.json", "exit.json");
  const later = await run(server(), "basic:succeeds");
  const ended: unknown[] = [];
  for await (const { data } of eventsOf(server(), "/events", `another.0.${Date.now() * 1000}`)) {
    if (data.status === "completed") ended.push(data.job_id);
    if (data.status === "completed" && data.job_id === later.job_id) break;
  }
  expect(ended).toEqual(expect.arrayContaining([withheld.job_id, later.job_id]));
});

test.each([
  ["EMFILE", 503],
  ["ENFILE", 503],
  ["ENOMEM", 503],
  ["EIO", 200],
  ["ESTALE", 200],
])("a list whose jobs cannot be read (%s) is answered with %i", async (code, status) => {
  const job = {
    job_id: "a",
    created_at: "",
    entrypoint: "a:b",
    runtime: "python",
    labels: { desk: "hidden" },
  };
  const empty = {
    ...emptyServer({ jobs: [{ ...job, state: { status: "pending" } }] }),
    mask: maskOf({ DESK: "hidden" }),
  };
  empty.documents.get = () => {
    throw Object.assign(new Error(code), { code });
  };
  const answer = await createApp(empty).request("/jobs");
  expect(answer.status).toBe(status);
  const listed = { count: 1, jobs: [{ job_id: "a", labels: { desk: "******" } }] };
  if (status === 200) expect(await answer.json()).toMatchObject(listed);
});
