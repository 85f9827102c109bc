import type { Context } from "hono";
import type { Server } from "./route.ts";

/** Tells who changed what: one line of the log for every change that a client made. */
export function audit(
  c: Context,
  { events }: Server,
  action: "submitted" | "cancelled" | "removed" | "pinned" | "unpinned",
  jobId: string,
): void {
  const { token, address } = c.get("client");
  events.emit("audit", { action, job_id: jobId, token, address, request_id: c.get("requestId") });
}
