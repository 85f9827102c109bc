import type { Context } from "hono";
import { z } from "zod";
import { Problem } from "../../errors.ts";
import type { Job } from "../../jobs/job.ts";
import { isTerminal } from "../../jobs/status.ts";
import { type Following, followLog, type LogNews } from "../../logs/follow.ts";
import type { LogFile } from "../../logs/log-reader.ts";
import { tailOffset } from "../../logs/tail.ts";
import { toldBytes } from "../../logs/told-bytes.ts";
import { openRegular } from "../../runs/regular-file.ts";
import { fileNames, runDirectory } from "../../runs/run-directory.ts";
import { bytesResponse } from "../byte-range.ts";
import {
  endId,
  endText,
  eventStream,
  eventText,
  heartbeat,
  lastEventId,
  wantsEvents,
} from "../event-stream.ts";
import { jobIdOf, noSuchJob } from "../job-parameter.ts";
import { problemContent, type Route, type Server, validated } from "../route.ts";
import { JobId, LogName, LogQuery } from "../schemas.ts";

export const showLog: Route = {
  description: {
    method: "get",
    path: "/jobs/{job_id}/logs/{log}",
    operationId: "showLog",
    summary: "Read a job's output, or follow it as it is written.",
    description:
      "The bytes of the log, or a Range of them. With `Accept: text/event-stream` the log is followed: events `log` " +
      'with `{"offset": first byte, "text": …}`, whose id is the offset of the next byte, and at last `end` with the ' +
      "job's status. `Last-Event-ID` goes on at that byte, as a browser does by itself; to one that has had the end " +
      "the answer is 204. `truncated` says that the log has become shorter and is told from its beginning again.",
    request: {
      params: z.object({ job_id: JobId, log: LogName }),
      query: LogQuery,
      headers: z.object({
        range: z
          .string()
          .optional()
          .describe("Bytes wanted, such as `bytes=0-99` or `bytes=-100` (RFC 9110)."),
        "last-event-id": z.string().optional().describe("Offset of the first byte to follow from, or `end`."),
      }),
    },
    responses: {
      200: {
        description: "The log, or its events.",
        content: {
          "text/plain": { schema: z.string() },
          "text/event-stream": { schema: z.string() },
        },
      },
      204: { description: "The end was told already." },
      206: {
        description: "The range that was asked for.",
        content: { "text/plain": { schema: z.string() } },
      },
      404: problemContent("There is no such job, or it has no such log."),
      416: problemContent("No byte of the log lies in the range."),
      422: problemContent("A parameter is wrong."),
    },
  },
  respond: async (c, server) => {
    const jobId = jobIdOf(c);
    const { tail } = validated(LogQuery, c.req.query(), "query");
    const job = server.index.get(jobId);
    if (job === undefined) throw noSuchJob(jobId);
    const { data: log } = LogName.safeParse(c.req.param("log"));
    if (log === undefined) throw new Problem(404, "A job has the logs stdout and stderr");
    const directory = runDirectory(server.config.runsDir, jobId);
    const file = { directory, name: fileNames[log], mask: server.mask };
    const isFollowed = wantsEvents(c) && c.req.method !== "HEAD";
    return isFollowed ? follow(c, server, job, file, tail) : readLog(c, job, file, tail);
  },
};

const plainText = { "content-type": "text/plain; charset=utf-8" };

async function readLog(c: Context, job: Job, log: LogFile, tail: number | undefined): Promise<Response> {
  const file = await openRegular(log.directory, log.name);
  if (file === undefined) {
    if (job.state.status === "pending") return c.body("", 200, { ...plainText, "accept-ranges": "bytes" });
    throw new Problem(404, `Job ${job.job_id} has no such log: the file is not there, or is no file`);
  }
  try {
    const { size: written } = await file.stat();
    const size = isTerminal(job.state.status) ? written : await toldBytes(file, written, log.mask);
    const start = tail === undefined ? 0 : await tailOffset(file, size, tail);
    return await bytesResponse(c, file, { size, start, headers: plainText, mask: log.mask });
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function follow(
  c: Context,
  server: Server,
  job: Job,
  log: LogFile,
  tail: number | undefined,
): Promise<Response> {
  const lastId = lastEventId(c);
  if (lastId === endId) return c.body(null, 204);
  const offset = /^\d{1,15}$/.test(lastId ?? "") ? Number(lastId) : await firstOffset(log, tail);
  const isOver = () => isTerminal(server.index.get(job.job_id)?.state.status ?? "failed");
  return eventStream(
    c,
    server,
    logEvents(server, job.job_id, { ...log, offset, isOver, signal: c.req.raw.signal }),
  );
}

async function firstOffset(log: LogFile, tail: number | undefined): Promise<number> {
  if (tail === undefined) return 0;
  const file = await openRegular(log.directory, log.name);
  if (file === undefined) return 0;
  try {
    return await tailOffset(file, (await file.stat()).size, tail);
  } finally {
    await file.close();
  }
}

async function* logEvents(server: Server, jobId: string, following: Following): AsyncGenerator<string> {
  for await (const news of followLog(following)) yield newsText(news);
  yield* endText(server.index.get(jobId));
}

function newsText(news: LogNews): string {
  if (news.kind === "quiet") return heartbeat;
  const { kind, offset, next } = news;
  if (kind === "truncated") return eventText({ event: kind, id: next, json: JSON.stringify({ offset }) });
  return eventText({ event: "log", id: next, json: JSON.stringify({ offset, text: news.text }) });
}
