import { z } from "zod";
import { isPinned } from "../../runs/pin.ts";
import { expectPresent, runDirectory } from "../../runs/run-directory.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { jsonContent, problemContent, type Route } from "../route.ts";
import { JobId, Pin } from "../schemas.ts";

export const showPin: Route = {
  description: {
    method: "get",
    path: "/jobs/{job_id}/pin",
    operationId: "showPin",
    summary: "Tell whether a job's run is pinned.",
    request: { params: z.object({ job_id: JobId }) },
    responses: {
      200: jsonContent("Whether the file `pinned` is there.", Pin),
      404: problemContent("There is no such job."),
    },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    if (server.index.get(jobId) === undefined) throw noSuchJob(jobId);
    await expectPresent(server.config.runsDir);
    return c.json({ pinned: await isPinned(runDirectory(server.config.runsDir, jobId)) });
  },
};
