import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { runEntrypoint } from "../../src/executors/spawn.ts";
import { noLimits } from "../../src/jobs/limits.ts";
import { createRunDirectory } from "../../src/runs/accept.ts";
import type { Request } from "../../src/runs/job-record.ts";
import { fixtures, type Job, temporaryFolder } from "./server.ts";

type Asked = Omit<Partial<Request>, "limits"> & { readonly limits?: object };

/** Runs one job by its shim alone, with no server that would check what is asked, and returns its status.json. */
export async function runAlone(asked: Asked, env: Record<string, string> = {}): Promise<Job> {
  const request = {
    job_id: "20260101-000000-0000000000",
    created_at: "2026-01-01T00:00:00.000000+00:00",
    runtime: "python",
    entrypoint: "basic:succeeds",
    labels: {},
    env: {},
    submitted_by: null,
    submission: null,
    parameters: "{}",
    ...asked,
    limits: { ...(asked.limits ?? noLimits) } as Request["limits"],
  };
  const directory = await createRunDirectory(await temporaryFolder(), request, "process");
  await execa(runEntrypoint, [directory], { cwd: fixtures, env: { PYTHONPATH: fixtures, ...env } });
  return JSON.parse(readFileSync(join(directory, "status.json"), "utf8"));
}
