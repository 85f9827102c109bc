import type { Context } from "hono";
import { waitForEnd } from "../tracking/wait-for-end.ts";
import type { Server } from "./route.ts";

/** The longest that a request may wait, in seconds; whoever wants to wait longer asks again. */
export const longestWait = 60;

/**
 * Waits for the end of a job as long as the client prefers (RFC 7240, section 4.3), and tells in the answer's headers
 * what was done about it.
 */
export async function waitAsPreferred(c: Context, server: Server, jobId: string): Promise<boolean> {
  const asked = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(c.req.header("prefer") ?? "");
  if (asked === null) return false;
  const seconds = Math.min(Number(asked[1]), longestWait);
  await waitForEnd(server.index, server.events, jobId, seconds, c.req.raw.signal);
  c.header("preference-applied", `wait=${seconds}`);
  return true;
}
