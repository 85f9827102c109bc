import { STATUS_CODES } from "node:http";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import { Problem } from "../errors.ts";
import type { Events } from "../events.ts";
import { NoPin } from "../runs/pin.ts";
import { errorCode } from "../runs/record-file.ts";
import { RunsDirectoryAway } from "../runs/run-directory.ts";
import { Immovable } from "../runs/trash.ts";
import { DiskShort, QueueFull } from "../supervisor/accept.ts";
import { SubmissionDiffers } from "../supervisor/accept-once.ts";

/** The body of every error. */
export const ProblemBody = z
  .object({
    type: z.literal("about:blank").describe("The status code says what kind of problem it is."),
    title: z.string().describe("The status code's own phrase."),
    status: z.int().describe("The HTTP status code."),
    detail: z.string().describe("What was wrong, where, and what to do."),
    errors: z
      .array(
        z.object({
          field: z.string().describe("Where the fault stands, such as `body.parameters` or `query.limit`."),
          message: z.string().describe("What is wrong there."),
        }),
      )
      .optional()
      .describe("Each offending field, of a 422."),
  })
  .meta({ id: "Problem", description: "An error, as application/problem+json (RFC 9457)." });

/** The body of an error, as text. */
export function problemText({ status, message, errors }: Problem): string {
  const title = STATUS_CODES[status] ?? "Error";
  return JSON.stringify({ type: "about:blank", title, status, detail: message, errors });
}

/** The answer to an error; nothing of its stack, its paths or the environment goes out. */
export function problemResponse(problem: Problem, headers: Record<string, string> = {}): Response {
  return new Response(problemText(problem), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", ...problem.headers, ...headers },
  });
}

/** The one place where what was thrown becomes an answer. */
export function answerError(events: Events): (error: Error, c: Context) => Response {
  return (error, c) => {
    const problem = problemOf(error);
    if (problem.status >= 500) {
      const request_id = c.get("requestId");
      const isRefusal = [Problem, QueueFull, DiskShort].some((kind) => error instanceof kind);
      const what = `${c.req.method} ${c.req.path} ${isRefusal ? `refused: ${problem.message}` : "failed"}`;
      events.emit("trouble", what, isRefusal ? { request_id } : { error, request_id });
    }
    return problemResponse(problem, problem.status === 503 ? { "retry-after": "1", ...problem.headers } : {});
  };
}

/** What went wrong on the disk or in the machine, by its errno(3), and what to do. */
const troubles = [
  {
    codes: ["ENOSPC", "EDQUOT"],
    status: 507,
    detail: "The disk of the runs directory is full: free some space and send the request again",
  },
  {
    codes: ["EROFS", "EACCES", "EPERM", "EIO", "ENOTCONN", "ETIMEDOUT"],
    status: 503,
    detail: "The runs directory cannot be written now: make it writable and send the request again",
  },
  {
    codes: ["EMFILE", "ENFILE", "ENOMEM", "EAGAIN"],
    status: 503,
    detail: "The server has no descriptor or memory left for this request: send it again in a moment",
  },
] as const;

function problemOf(error: Error): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof RunsDirectoryAway) {
    return new Problem(503, "The runs directory is away: mount it again, or restart the server elsewhere");
  }
  if (error instanceof SubmissionDiffers) {
    return new Problem(
      422,
      "This Idempotency-Key was sent with another request: choose a new one for a new request",
    );
  }
  if (error instanceof QueueFull) {
    return new Problem(503, `${error.message}: wait until some have ended, or raise QUANT_RUNS_MAX_QUEUED`);
  }
  if (error instanceof DiskShort) {
    return new Problem(
      507,
      `The disk is short, ${error.message}: free some space and send the request again`,
    );
  }
  if (error instanceof Immovable) {
    return new Problem(
      409,
      `The run directory cannot be moved from its place (${error.code}): unmount what is mounted there, lift what forbids it (chattr -i), or remove it by hand`,
    );
  }
  if (error instanceof NoPin) {
    return new Problem(409, "The run is pinned by a folder of the name 'pinned': move that folder away");
  }
  if (error instanceof HTTPException && error.status < 500) return new Problem(400, error.message);
  if (errorCode(error) === "ECONNRESET") return new Problem(400, "The body ended before it was whole");
  const trouble = troubles.find(({ codes }) => codes.some((code) => code === errorCode(error)));
  if (trouble !== undefined) return new Problem(trouble.status, trouble.detail);
  return new Problem(500, "The server failed on this request; its log says why");
}
