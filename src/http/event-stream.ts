import type { Context } from "hono";
import type { Job } from "../jobs/job.ts";
import { isTerminal } from "../jobs/status.ts";
import type { Server } from "./route.ts";

/** One event of a stream of them (HTML, section 9.2, Server-sent events); `json` is the text of its JSON. */
export interface ServerEvent {
  readonly event: string;
  readonly id: string | number;
  readonly json: string;
}

/** A comment, which clients drop: it tells that the stream lives. */
export const heartbeat = ": still here\n\n";

/** An event as it is sent. A line break in JSON text stands between two values, where a space does as well. */
export function eventText({ event, id, json }: ServerEvent): string {
  return `event: ${event}\nid: ${id}\ndata: ${json.trim().replaceAll(/[\r\n]+/g, " ")}\n\n`;
}

/** An event that clients do not see and whose id they keep all the same. */
export function idText(id: string): string {
  return `id: ${id}\n\n`;
}

/** Sent as the id of the last event, so that a client which comes back with it is told that nothing follows. */
export const endId = "end";

/** The last event of a job that has ended; nothing for one that was removed. */
export function* endText(job: Job | undefined): Generator<string> {
  if (job === undefined || !isTerminal(job.state.status)) return;
  const json = JSON.stringify({ job_id: job.job_id, status: job.state.status });
  yield eventText({ event: "end", id: endId, json });
}

/** An answer that goes on; nothing is made before the client has taken what came before. */
export function eventStream(c: Context, { streams }: Server, events: AsyncGenerator<string>): Response {
  const body = ReadableStream.from(streams.count(events)).pipeThrough(new TextEncoderStream());
  return c.body(body, 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
}

/** What the client had last, by the id of that event; undefined for one that comes for the first time. */
export function lastEventId(c: Context): string | undefined {
  return c.req.header("last-event-id") || undefined;
}

/** Whether the client would rather be told of news than have what is there. */
export function wantsEvents(c: Context): boolean {
  return asksForEvents(c.req.header("accept"));
}

export function asksForEvents(accept: string | undefined): boolean {
  return /\btext\/event-stream\b/i.test(accept ?? "");
}
