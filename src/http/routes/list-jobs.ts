import type { Job } from "../../jobs/job.ts";
import { jobDocument } from "../job-document.ts";
import { jsonContent, problemContent, type Route, type Server, validated } from "../route.ts";
import { JobList, JobListQuery } from "../schemas.ts";

export const listJobs: Route = {
  description: {
    method: "get",
    path: "/jobs",
    operationId: "listJobs",
    summary: "List jobs, newest first.",
    request: { query: JobListQuery },
    responses: { 200: jsonContent("The jobs.", JobList), 422: problemContent("A parameter is wrong.") },
  },
  respond: (c, server) => {
    const { status_filter, limit } = validated(JobListQuery, c.req.query(), "query");
    const { jobs, total } = server.index.list(status_filter || undefined, limit);
    const body = ReadableStream.from(listText(server, jobs, total)).pipeThrough(new TextEncoderStream());
    return c.body(body, 200, { "content-type": "application/json" });
  },
};

/** The list piece by piece: a page of large results is never in memory at once. */
async function* listText(server: Server, jobs: readonly Job[], total: number): AsyncGenerator<string> {
  let count = 0;
  yield '{"jobs":[';
  for (const { job_id } of jobs) {
    const text = await jobDocument(server, job_id);
    if (text !== undefined) yield (count++ === 0 ? "" : ",") + text;
  }
  yield `],"count":${count},"total":${total}}`;
}
