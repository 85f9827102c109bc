import type { Context } from "hono";
import type { z } from "zod";
import type { Job } from "../../jobs/job.ts";
import type { JobFilter, Place } from "../../tracking/job-filter.ts";
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
    const query = { ...c.req.query(), ...(c.req.queries("label") && { label: c.req.queries("label") }) };
    const { limit, cursor, ...wanted } = validated(JobListQuery, query, "query");
    const page = server.index.list(filterOf(wanted), limit, cursor);
    const next = page.next === undefined ? null : cursorOf(page.next);
    if (next !== null) c.header("link", `<${addressOfNext(c, next)}>; rel="next"`);
    const body = ReadableStream.from(listText(server, page, next)).pipeThrough(new TextEncoderStream());
    return c.body(body, 200, { "content-type": "application/json" });
  },
};

function filterOf(query: Omit<z.output<typeof JobListQuery>, "limit" | "cursor">): JobFilter {
  return {
    status: query.status_filter || undefined,
    entrypoint: query.entrypoint,
    labels: query.label ?? [],
    createdFrom: query.created_from,
    createdBefore: query.created_before,
  };
}

function cursorOf({ created, jobId }: Place): string {
  return Buffer.from(`${created}.${jobId}`).toString("base64url");
}

function addressOfNext(c: Context, cursor: string): string {
  const parameters = new URL(c.req.url).searchParams;
  parameters.set("cursor", cursor);
  return `/jobs?${parameters}`;
}

/** The list piece by piece: a page of large results is never in memory at once. */
async function* listText(
  server: Server,
  { jobs, total }: { jobs: readonly Job[]; total: number },
  next: string | null,
): AsyncGenerator<string> {
  let count = 0;
  yield '{"jobs":[';
  for (const { job_id } of jobs) {
    const text = await jobDocument(server, job_id);
    if (text !== undefined) yield (count++ === 0 ? "" : ",") + text;
  }
  yield `],"count":${count},"total":${total},"next_cursor":${JSON.stringify(next)}}`;
}
