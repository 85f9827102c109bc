import { z } from "zod";
import { audit } from "../audit.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { problemContent, type Route } from "../route.ts";
import { JobId } from "../schemas.ts";

export const unpinJob: Route = {
  description: {
    method: "delete",
    path: "/jobs/{job_id}/pin",
    operationId: "unpinJob",
    summary: "Unpin a job's run, which may be removed then.",
    description: "Deletes the file `pinned` in the run directory.",
    request: { params: z.object({ job_id: JobId }) },
    responses: {
      204: { description: "The run is not pinned (any more)." },
      404: problemContent("There is no such job."),
      409: problemContent("A folder has the name of the pin."),
    },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    if (!(await server.supervisor.unpin(jobId))) throw noSuchJob(jobId);
    audit(c, server, "unpinned", jobId);
    return c.body(null, 204);
  },
};
