import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type JobGroups, jobGroups, noGroups } from "../../src/cgroups/job-groups.ts";
import { Events } from "../../src/events.ts";
import { noLimits } from "../../src/jobs/limits.ts";
import { groupSettings } from "../../src/supervisor/group.ts";
import type { Scope } from "../../src/supervisor/scope.ts";
import { startServer, temporaryFolder } from "../support/server.ts";
import { runAlone } from "../support/shim.ts";

const memory_bytes = 2 ** 28;
const bounds = { ...noLimits, memory_bytes, processes: 4000 };

const settingsWith = (groups: JobGroups, events = new Events()) =>
  groupSettings({ groups, events } as Scope, "20260101-000000-0000000000", bounds);

test("a group that cannot be made is told of, and the job gets none", async () => {
  const trouble = vi.fn();
  const events = new Events().on("trouble", trouble);
  const groups = jobGroups({ folder: await temporaryFolder(), controllers: ["memory"] });
  expect(await settingsWith(groups, events)).toEqual({}); // a plain folder has no memory.max
  expect(trouble).toHaveBeenCalledWith(
    "cannot make a control group; setrlimit(2) alone bounds the job",
    expect.objectContaining({ job_id: expect.any(String), error: expect.any(Error) }),
  );
});

test("where no group was given, or it has no such controller, a job gets none", async () => {
  expect(await settingsWith(noGroups)).toEqual({});
  expect(await settingsWith(jobGroups({ obstacle: "there is no cgroup v2 here" }))).toEqual({});
  expect(await settingsWith(jobGroups({ folder: "/nowhere", controllers: [] }))).toEqual({});
});

test("a job that cannot enter its group is bounded by setrlimit(2)", async () => {
  const group = join(await temporaryFolder(), "gone");
  const job = await runAlone({ entrypoint: "limits:sees", limits: bounds }, { QUANT_RUNS_CGROUP: group });
  const seen = { AS: [memory_bytes, memory_bytes], NPROC: [4000, 4000] };
  expect(job).toMatchObject({ status: "completed", result: { result: seen } });
});

test("no job is told the folder of its group, by which a shim that it starts would leave that", async () => {
  const asked = { entrypoint: "environment:sees", parameters: '{"names": ["QUANT_RUNS_CGROUP"]}' };
  const job = await runAlone(asked, { QUANT_RUNS_CGROUP: "/nowhere" });
  expect(job.result).toEqual({ result: { QUANT_RUNS_CGROUP: null } });
});

test("the server says at its start which limits are in force, and why", async () => {
  const server = await startServer();
  const line = server.log.find((line) => line.includes("limits of memory and processes are kept by "));
  expect(JSON.parse(String(line))).toMatchObject({ level: "info" });
});
