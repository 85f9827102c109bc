import { z } from "zod";
import { jobDocument } from "../job-document.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { jsonContent, problemContent, type Route } from "../route.ts";
import { JobDocument, JobId } from "../schemas.ts";

export const showJob: Route = {
  description: {
    method: "get",
    path: "/jobs/{job_id}",
    operationId: "showJob",
    summary: "Show a job: its status, and its result once it has completed.",
    request: { params: z.object({ job_id: JobId }) },
    responses: { 200: jsonContent("The job.", JobDocument), 404: problemContent("There is no such job.") },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    const text = await jobDocument(server, jobId);
    if (text === undefined) throw noSuchJob(jobId);
    return c.body(text, 200, { "content-type": "application/json" });
  },
};
