import { z } from "zod";
import { audit } from "../audit.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { problemContent, type Route } from "../route.ts";
import { JobId } from "../schemas.ts";

export const pinJob: Route = {
  description: {
    method: "put",
    path: "/jobs/{job_id}/pin",
    operationId: "pinJob",
    summary: "Pin a job's run: nothing removes it until it is unpinned.",
    description: "Makes the file `pinned` in the run directory, whatever the job's status is.",
    request: { params: z.object({ job_id: JobId }) },
    responses: {
      204: { description: "The run is pinned." },
      404: problemContent("There is no such job."),
      507: problemContent("The disk is full; the run is not pinned."),
    },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    if (!(await server.supervisor.pin(jobId))) throw noSuchJob(jobId);
    audit(c, server, "pinned", jobId);
    return c.body(null, 204);
  },
};
