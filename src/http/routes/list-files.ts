import { z } from "zod";
import { timestampOf } from "../../jobs/timestamp.ts";
import { listArtifacts } from "../../runs/artifacts.ts";
import { runDirectory } from "../../runs/run-directory.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { mediaTypeOf } from "../media-type.ts";
import { jsonContent, problemContent, type Route } from "../route.ts";
import { FileList, JobId } from "../schemas.ts";

export const listFiles: Route = {
  description: {
    method: "get",
    path: "/jobs/{job_id}/files",
    operationId: "listFiles",
    summary: "List the files that a job left in its run directory.",
    request: { params: z.object({ job_id: JobId }) },
    responses: {
      200: jsonContent("The files, by path; the records of the job itself are not among them.", FileList),
      404: problemContent("There is no such job."),
    },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    if (server.index.get(jobId) === undefined) throw noSuchJob(jobId);
    const artifacts = await listArtifacts(runDirectory(server.config.runsDir, jobId));
    const files = artifacts.map(({ path, bytes, modified }) => ({
      path,
      bytes,
      media_type: mediaTypeOf(path),
      modified: timestampOf(modified),
      url: `/jobs/${jobId}/files/${path.split("/").map(encodeURIComponent).join("/")}`,
    }));
    return c.json({ files, count: files.length });
  },
};
