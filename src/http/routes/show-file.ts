import { z } from "zod";
import { Problem } from "../../errors.ts";
import { openArtifact } from "../../runs/artifacts.ts";
import { runDirectory } from "../../runs/run-directory.ts";
import { bytesResponse } from "../byte-range.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { mediaTypeOf } from "../media-type.ts";
import { problemContent, type Route } from "../route.ts";
import { JobId } from "../schemas.ts";

/** A page that a job made is shown as a page of nobody's: no script, no form, nothing fetched (CSP level 3, sandbox). */
const harmless = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const anyBytes = { "application/octet-stream": { schema: z.string() } };

export const showFile: Route = {
  description: {
    method: "get",
    path: "/jobs/{job_id}/files/{path}",
    operationId: "showFile",
    summary: "Fetch a file that a job left in its run directory.",
    request: {
      params: z.object({
        job_id: JobId,
        path: z.string().describe("Where the file lies in the run directory; it may hold slashes."),
      }),
      headers: z.object({
        range: z
          .string()
          .optional()
          .describe("Bytes wanted, such as `bytes=0-99` or `bytes=-100` (RFC 9110)."),
        "if-range": z.string().optional().describe("ETag that the file must still have for a range of it."),
        "if-none-match": z.string().optional().describe("ETag of what the client has already."),
      }),
    },
    responses: {
      200: { description: "The file, with its media type.", content: anyBytes },
      206: { description: "The range that was asked for.", content: anyBytes },
      304: { description: "The file is what the client has." },
      404: problemContent("There is no such job, or no such file of it."),
      416: problemContent("No byte of the file lies in the range."),
    },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    if (server.index.get(jobId) === undefined) throw noSuchJob(jobId);
    const path = c.req.param("path") ?? "";
    const file = await openArtifact(runDirectory(server.config.runsDir, jobId), path);
    if (file === undefined)
      throw new Problem(404, `Job ${jobId} has no such file: GET /jobs/${jobId}/files lists them`);
    try {
      const { size, mtimeNs } = await file.stat({ bigint: true });
      const headers = { "content-type": mediaTypeOf(path), "content-security-policy": harmless };
      return await bytesResponse(c, file, {
        size: Number(size),
        etag: `"${size.toString(36)}-${mtimeNs.toString(36)}"`,
        headers: { ...headers, "cache-control": "no-cache" },
      });
    } catch (error) {
      await file.close();
      throw error;
    }
  },
};
