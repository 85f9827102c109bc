import { z } from "zod";
import { Problem } from "../../errors.ts";
import type { RemoveOutcome } from "../../supervisor/remove.ts";
import { audit } from "../audit.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { problemContent, type Route } from "../route.ts";
import { JobId } from "../schemas.ts";

export const removeJob: Route = {
  description: {
    method: "delete",
    path: "/jobs/{job_id}",
    operationId: "removeJob",
    summary: "Remove a job that has ended, with its run directory.",
    description:
      "It is gone for everybody at once, and its Idempotency-Key is free again; its files are deleted in the background, " +
      "and whoever is reading one reads on. A pinned run has to be unpinned first.",
    request: { params: z.object({ job_id: JobId }) },
    responses: {
      204: { description: "The job is gone." },
      404: problemContent("There is no such job."),
      409: problemContent(
        "The job has not ended, or is pinned, or its run directory cannot be moved: something is mounted there.",
      ),
      507: problemContent("The disk is full; the job is what it was."),
    },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    const outcome = await server.supervisor.remove(jobId);
    if (outcome !== "removed") throw refusal(jobId, outcome);
    audit(c, server, "removed", jobId);
    return c.body(null, 204);
  },
};

function refusal(jobId: string, outcome: Exclude<RemoveOutcome, "removed">): Problem {
  switch (outcome) {
    case "unknown":
      return noSuchJob(jobId);
    case "active":
      return new Problem(409, `Job ${jobId} has not ended: POST /jobs/${jobId}/cancel first, or wait`);
    case "held":
      return new Problem(409, `Job ${jobId} has ended, but its shim is still there: try again in a moment`);
    case "pinned":
      return new Problem(
        409,
        `Job ${jobId} is pinned, by the file 'pinned' in its run directory: DELETE /jobs/${jobId}/pin first`,
      );
  }
}
