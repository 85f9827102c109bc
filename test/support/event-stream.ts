import type { TestServer } from "./server.ts";

/** One event as a browser would see it. */
export interface ServerEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Record<string, unknown>;
}

/** What a stream of events sends, until it ends or the caller leaves; comments are told as events named "". */
export async function* eventsOf(
  server: Pick<TestServer, "url">,
  path: string,
  lastId?: string,
): AsyncGenerator<ServerEvent> {
  const headers = { accept: "text/event-stream", ...(lastId !== undefined && { "last-event-id": lastId }) };
  const leaving = new AbortController();
  const response = await fetch(new URL(path, server.url), { headers, signal: leaving.signal });
  if (response.status !== 200 || response.body === null) throw new Error(`no stream: ${response.status}`);
  try {
    let text = "";
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
      const parts = (text + piece).split("\n\n");
      text = parts.pop() ?? "";
      yield* parts.map(parseEvent);
    }
  } finally {
    leaving.abort();
  }
}

function parseEvent(text: string): ServerEvent {
  const field = (name: string) =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  return { event: field("event") ?? "", id: field("id"), data: JSON.parse(field("data") ?? "{}") };
}

/** All events of a stream that ends. */
export async function allEventsOf(...of: Parameters<typeof eventsOf>): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of eventsOf(...of)) events.push(event);
  return events;
}

/** The text that the events of a log carry. */
export function logText(events: readonly ServerEvent[]): string {
  return events.map(({ event, data }) => (event === "log" ? String(data.text) : "")).join("");
}
