import { createApp } from "./app.ts";
import { Documents } from "./documents.ts";
import { type Listener, listen } from "./listen.ts";
import { answerQuickly } from "./quick-answer.ts";
import type { Server } from "./route.ts";
import { Streams } from "./streams.ts";

/**
 * Answers requests, from now on.
 * @throws StartError when the address cannot be had
 */
export function openHttp(given: Omit<Server, "streams" | "documents">): Promise<Listener> {
  const { config, events } = given;
  const server: Server = {
    ...given,
    streams: new Streams(config.maxStreams),
    documents: new Documents(config.runsDir),
  };
  events.on("removed", ({ job_id }) => server.documents.forget(job_id));
  return listen(createApp(server), config, (incoming, outgoing) => answerQuickly(server, incoming, outgoing));
}
