import type { Context } from "hono";

/** One event of a stream of them; `data` is sent as JSON on one line (HTML, section 9.2, Server-sent events). */
export interface ServerEvent {
  readonly event: string;
  readonly id?: string | number;
  readonly data: unknown;
}

/** A comment, which clients drop: it tells that the stream lives. */
export const heartbeat = ": still here\n\n";

export function eventText({ event, id, data }: ServerEvent): string {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return `event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`;
}

/** An answer that goes on; nothing is made before the client has taken what came before. */
export function eventStream(c: Context, events: AsyncIterable<string>): Response {
  const body = ReadableStream.from(events).pipeThrough(new TextEncoderStream());
  return c.body(body, 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
  });
}

/** Whether the client would rather be told of news than have what is there. */
export function wantsEvents(c: Context): boolean {
  return /\btext\/event-stream\b/i.test(c.req.header("accept") ?? "");
}
