import type { Context } from "hono";
import { z } from "zod";
import { type ChangeNews, followChanges, type Position } from "../../tracking/follow-changes.ts";
import { eventStream, eventText, heartbeat, idText, lastEventId } from "../event-stream.ts";
import { listedDocumentAt } from "../job-document.ts";
import type { Route, Server } from "../route.ts";

export const followJobs: Route = {
  description: {
    method: "get",
    path: "/events",
    operationId: "followJobs",
    summary: "Follow all jobs: one event for every change of a status.",
    description:
      "Events `job`, whose data is the job as it is in the list, for every change of the status of every job from now " +
      "on, in order: `pending` when it is accepted, `running`, `completed` or `failed`. `Last-Event-ID` goes on behind " +
      "that event, as a browser does by itself, with nothing left out; after a restart of the server, or after more than " +
      "10,000 changes, it goes on with the latest 10,000, of which those of the last minutes may come twice, and " +
      "one that was learnt of more than five minutes late may be missing. Connect first and list the jobs then, so that none falls between.",
    request: {
      headers: z.object({
        "last-event-id": z.string().optional().describe("Id of the last event that the client has had."),
      }),
    },
    responses: {
      200: {
        description: "The changes, as they happen; the stream does not end.",
        content: { "text/event-stream": { schema: z.string() } },
      },
    },
  },
  respond: (c, server) => eventStream(c, server, changesText(c, server)),
};

async function* changesText(c: Context, server: Server): AsyncGenerator<string> {
  for await (const news of followChanges(server, positionOf(lastEventId(c)), c.req.raw.signal)) {
    const text = await newsText(server, news);
    if (text !== undefined) yield text;
  }
}

/** Undefined for a job whose directory was removed meanwhile. */
async function newsText(server: Server, news: ChangeNews): Promise<string | undefined> {
  if (news.kind === "quiet") return heartbeat;
  const { life, sequence, moment } = news.position;
  const id = `${life}.${sequence}.${moment}`;
  if (news.kind === "position") return idText(id);
  const json = await listedDocumentAt(server, news.job);
  return json && eventText({ event: "job", id, json });
}

/** Undefined for what is no id of these events. */
function positionOf(id: string | undefined): Position | undefined {
  const [, life, sequence, moment] = /^([\w-]{1,20})\.(\d{1,15})\.(\d{1,17})$/.exec(id ?? "") ?? [];
  return life === undefined ? undefined : { life, sequence: Number(sequence), moment: Number(moment) };
}
