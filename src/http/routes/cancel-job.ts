import { z } from "zod";
import { clientName } from "../../access/client.ts";
import { Problem } from "../../errors.ts";
import { audit } from "../audit.ts";
import { jobDocument } from "../job-document.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { jsonContent, problemContent, type Route } from "../route.ts";
import { JobDocument, JobId } from "../schemas.ts";

export const cancelJob: Route = {
  description: {
    method: "post",
    path: "/jobs/{job_id}/cancel",
    operationId: "cancelJob",
    summary: "Stop a job and every process it started.",
    description:
      "A job that waits ends at once. A job that runs gets SIGTERM, after its cancel_grace_seconds SIGKILL, until " +
      "nothing of it is left; its `termination` is the receipt. Asking again while that is under way changes nothing.",
    request: { params: z.object({ job_id: JobId }) },
    responses: {
      202: jsonContent("The job is cancelled, or about to be.", JobDocument),
      404: problemContent("There is no such job."),
      409: problemContent("The job has ended already."),
    },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    const outcome = await server.supervisor.cancel(jobId, clientName(c.get("client")));
    if (outcome === "accepted") audit(c, server, "cancelled", jobId);
    const shown = await jobDocument(server, jobId);
    if (outcome === "unknown" || shown === undefined) throw noSuchJob(jobId);
    if (outcome === "ended")
      throw new Problem(409, `Job ${jobId} has ended: there is nothing left to cancel`);
    return c.body(shown.text, 202, { "content-type": "application/json" });
  },
};
