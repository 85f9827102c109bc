import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { presentedToken } from "../access/presented-token.ts";
import { findToken } from "../access/tokens.ts";
import { isJobId } from "../jobs/job-id.ts";
import { isTerminal } from "../jobs/status.ts";
import type { JobText } from "./documents.ts";
import { asksForEvents } from "./event-stream.ts";
import type { Server } from "./route.ts";
import { securityHeaders } from "./security-headers.ts";

/** Header fields that change nothing in the answer to a plain GET, or whose part in it is looked at here. */
const plainFields = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "authorization",
  "cache-control",
  "connection",
  "host",
  "pragma",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "user-agent",
]);

const sameForAll = ["content-type", "application/json", ...Object.entries(securityHeaders).flat()];

type Question = Pick<IncomingMessage, "method" | "url" | "headers">;

/**
 * Answers what is asked most often, an ended job whose text is kept, without the way through all guards and routes, and
 * exactly as that way would. False for anything that is not as plain as that: then nothing was done.
 */
export function answerQuickly(server: Server, incoming: Question, outgoing: ServerResponse): boolean {
  const shown = keptText(server, incoming);
  if (shown === undefined) return false;
  const own = ["etag", shown.etag, "x-request-id", randomUUID(), "content-length", String(shown.bytes)];
  outgoing.writeHead(200, [...sameForAll, ...own]);
  // Text that is all ASCII is written faster as such.
  outgoing.end(shown.text, shown.bytes === shown.text.length ? "latin1" : "utf8");
  return true;
}

function keptText(server: Server, { method, url = "", headers }: Question): JobText | undefined {
  if (method !== "GET" || !url.startsWith("/jobs/") || !isLetIn(server, headers)) return undefined;
  const jobId = url.slice("/jobs/".length);
  if (!isJobId(jobId)) return undefined;
  const status = server.index.statusOf(jobId);
  return status !== undefined && isTerminal(status) ? server.documents.get(jobId, status) : undefined;
}

/** Whether no guard has anything to say: rates and other origins are for the long way, and so is a refusal. */
function isLetIn({ config, tokens }: Server, headers: Question["headers"]): boolean {
  if (config.rateLimit !== undefined || (config.corsOrigins ?? []).length > 0) return false;
  for (const name in headers) if (!plainFields.has(name)) return false;
  if (asksForEvents(headers.accept)) return false;
  return tokens.length === 0 || findToken(tokens, presentedToken(headers.authorization) ?? "") !== undefined;
}
