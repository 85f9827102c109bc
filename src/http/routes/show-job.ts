import { z } from "zod";
import { isTerminal } from "../../jobs/status.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { liveDocument } from "../live-document.ts";
import { longestWait, waitAsPreferred } from "../prefer-wait.ts";
import { jsonContent, problemContent, type Route } from "../route.ts";
import { JobDocument, JobId, Prefer } from "../schemas.ts";

export const showJob: Route = {
  description: {
    method: "get",
    path: "/jobs/{job_id}",
    operationId: "showJob",
    summary: "Show a job: its status, and its result once it has completed.",
    description:
      `With \`Prefer: wait=N\` the answer comes when the job has ended, or after N seconds, ${longestWait} at most. ` +
      "The ETag is that of all but `usage`, which changes all the time.",
    request: {
      params: z.object({ job_id: JobId }),
      headers: z.object({
        prefer: Prefer.optional(),
        "if-none-match": z.string().optional().describe("ETag of what the client has already."),
      }),
    },
    responses: {
      200: jsonContent("The job.", JobDocument),
      304: { description: "The job is as the client knows it." },
      404: problemContent("There is no such job."),
    },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    await waitAsPreferred(c, server, jobId);
    const job = await liveDocument(server, jobId);
    if (job === undefined) throw noSuchJob(jobId);
    if (!isTerminal(server.index.statusOf(jobId) ?? "failed")) c.header("retry-after", "1");
    return c.body(job.text, 200, { "content-type": "application/json", etag: job.etag });
  },
};
