import { now } from "../../jobs/timestamp.ts";
import { jsonContent, type Route } from "../route.ts";
import { Health } from "../schemas.ts";

export const showHealth: Route = {
  description: {
    method: "get",
    path: "/health",
    operationId: "showHealth",
    summary: "Tell whether the server is well and how many jobs run.",
    responses: { 200: jsonContent("The server is well.", Health) },
  },
  respond: (c, server) =>
    c.json({
      status: "healthy",
      timestamp: now(),
      active_jobs: server.index.count("running"),
      watcher: server.watcher.isBlind() ? "blind" : "watching",
    }),
};
