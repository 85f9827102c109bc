import type { Context } from "hono";
import { z } from "zod";
import { runDirectory } from "../../runs/run-directory.ts";
import { followJob as followOne, type JobNews, type Place } from "../../tracking/follow-job.ts";
import { endId, endText, eventStream, eventText, heartbeat, lastEventId } from "../event-stream.ts";
import { documentAt } from "../job-document.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { problemContent, type Route, type Server } from "../route.ts";
import { JobId } from "../schemas.ts";

export const followJob: Route = {
  description: {
    method: "get",
    path: "/jobs/{job_id}/events",
    operationId: "followJob",
    summary: "Follow one job: its status, its progress and both of its logs.",
    description:
      'Events `job` with the job for every status, `log` with `{"log": "stdout" or "stderr", "offset": first byte, ' +
      '"text": …}`, `progress` with the progress, and at last `end` with the final status. It begins with the job\'s ' +
      "first status and the first byte of its logs; `Last-Event-ID` goes on behind that event, as a browser does by " +
      "itself, and to a client that has had the end the answer is 204. `truncated` says that a log has become shorter " +
      "and is told from its beginning again.",
    request: {
      params: z.object({ job_id: JobId }),
      headers: z.object({
        "last-event-id": z.string().optional().describe("Id of the last event that the client has had."),
      }),
    },
    responses: {
      200: {
        description: "What the job does, as it does it.",
        content: { "text/event-stream": { schema: z.string() } },
      },
      204: { description: "The end was told already." },
      404: problemContent("There is no such job."),
    },
  },
  respond: (c, server) => {
    const jobId = jobIdOf(c);
    if (server.index.get(jobId) === undefined) throw noSuchJob(jobId);
    return lastEventId(c) === endId ? c.body(null, 204) : eventStream(c, server, jobText(c, server, jobId));
  },
};

async function* jobText(c: Context, server: Server, jobId: string): AsyncGenerator<string> {
  const current = () => server.index.get(jobId);
  const run = { directory: runDirectory(server.config.runsDir, jobId), mask: server.mask };
  for await (const news of followOne(run, current, placeOf(lastEventId(c)), c.req.raw.signal)) {
    const text = await newsText(server, news);
    if (text !== undefined) yield text;
  }
  yield* endText(current());
}

async function newsText(server: Server, news: JobNews): Promise<string | undefined> {
  const { stdout, stderr, statuses } = news.place;
  const id = `${stdout}.${stderr}.${statuses}`;
  switch (news.kind) {
    case "quiet":
      return heartbeat;
    case "progress":
      return eventText({ event: "progress", id, json: JSON.stringify(news.progress) });
    case "log": {
      const { kind, next: _next, ...piece } = news.piece;
      const event = kind === "text" ? "log" : kind;
      return eventText({ event, id, json: JSON.stringify({ log: news.log, ...piece }) });
    }
    case "job": {
      const json = await documentAt(server, news.job);
      return json && eventText({ event: "job", id, json });
    }
  }
}

/** The beginning for what is no id of these events. */
function placeOf(id: string | undefined): Place {
  const [, stdout = 0, stderr = 0, statuses = 0] = /^(\d{1,15})\.(\d{1,15})\.(\d)$/.exec(id ?? "") ?? [];
  return { stdout: Number(stdout), stderr: Number(stderr), statuses: Number(statuses) };
}
