import { setImmediate } from "node:timers/promises";
import type { Context } from "hono";
import type { z } from "zod";
import type { JobFilter } from "../../tracking/job-filter.ts";
import type { Place } from "../../tracking/job-order.ts";
import type { Page } from "../../tracking/job-page.ts";
import { listedDocument } from "../job-document.ts";
import { jsonContent, problemContent, type Route, type Server, validated } from "../route.ts";
import { JobList, JobListQuery } from "../schemas.ts";
import { textResponse } from "../text-response.ts";

export const listJobs: Route = {
  description: {
    method: "get",
    path: "/jobs",
    operationId: "listJobs",
    summary: "List jobs, newest first.",
    request: { query: JobListQuery },
    responses: { 200: jsonContent("The jobs.", JobList), 422: problemContent("A parameter is wrong.") },
  },
  respond: async (c, server) => {
    const query = { ...c.req.query(), ...(c.req.queries("label") && { label: c.req.queries("label") }) };
    const { limit, cursor, ...wanted } = validated(JobListQuery, query, "query");
    const page = server.index.list(filterOf(wanted), limit, cursor);
    const next = page.next === undefined ? null : cursorOf(page.next);
    if (next !== null) c.header("link", `<${addressOfNext(c, next)}>; rel="next"`);
    return textResponse(c, listText(server, page, next));
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

/** How many documents are read at a time. */
const atOnce = 4;

/** How many documents are read in one turn of the event loop. */
const inOneTurn = 100;

/** Other requests pass after so many documents. */
async function letOthersPass({ documents }: Server, read: number): Promise<void> {
  if (read === 0 || read % inOneTurn !== 0) return;
  await setImmediate();
  documents.askOnceInThisTurn();
}

/** The list piece by piece: a page of large results is never in memory at once. */
async function* listText(
  server: Server,
  { ids, total }: Page,
  next: string | null,
): AsyncGenerator<string, undefined> {
  let count = 0;
  server.documents.askOnceInThisTurn();
  yield '{"jobs":[';
  for (let start = 0; start < ids.length; start += atOnce) {
    await letOthersPass(server, start);
    const documents = ids.slice(start, start + atOnce).map((jobId) => listedDocument(server, jobId));
    for (const document of await Promise.all(documents)) {
      if (document !== undefined) yield (count++ === 0 ? "" : ",") + document.text;
    }
  }
  yield `],"count":${count},"total":${total},"next_cursor":${JSON.stringify(next)}}`;
}
