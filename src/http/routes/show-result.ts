import { z } from "zod";
import { Problem } from "../../errors.ts";
import { readEnding } from "../../runs/exit-record.ts";
import { sound } from "../../runs/record-file.ts";
import { openRegular } from "../../runs/regular-file.ts";
import { fileNames, runDirectory } from "../../runs/run-directory.ts";
import type { Mask } from "../../secrets/mask.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { jsonContent, problemContent, type Route } from "../route.ts";
import { JobId, JobResult } from "../schemas.ts";

export const showResult: Route = {
  description: {
    method: "get",
    path: "/jobs/{job_id}/result",
    operationId: "showResult",
    summary: "Fetch a job's result, of any size.",
    request: { params: z.object({ job_id: JobId }) },
    responses: {
      200: jsonContent("What the callable returned, wrapped.", JobResult),
      404: problemContent("There is no such job, or it has no result (yet)."),
    },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    const job = server.index.get(jobId);
    if (job === undefined) throw noSuchJob(jobId);
    const body = await resultOf(runDirectory(server.config.runsDir, jobId));
    if (body === undefined) throw new Problem(404, `Job ${jobId} has no result: it is ${job.state.status}`);
    return c.body(shown(body, server.mask), 200, { "content-type": "application/json" });
  },
};

/** Only what the shim recorded as the answer: a callable may write a result.json of its own. */
async function resultOf(directory: string): Promise<ReadableStream<Uint8Array> | undefined> {
  const ending = await sound(readEnding(directory));
  const hasResult = ending !== undefined && ending.result_bytes !== null;
  const file = hasResult ? await openRegular(directory, fileNames.result) : undefined;
  return file?.readableWebStream({ autoClose: true });
}

/** With the secrets of the jobs hidden, if there are any. */
function shown(body: ReadableStream<Uint8Array>, mask: Mask | undefined): ReadableStream<Uint8Array> {
  return mask === undefined ? body : body.pipeThrough(mask.json.stream());
}
