import { now } from "../../jobs/timestamp.ts";
import { expectPresent } from "../../runs/run-directory.ts";
import { jsonContent, problemContent, type Route } from "../route.ts";
import { Health } from "../schemas.ts";

export const showHealth: Route = {
  description: {
    method: "get",
    path: "/health",
    operationId: "showHealth",
    summary: "Tell whether the server is well and how many jobs run.",
    responses: {
      200: jsonContent("The server is well.", Health),
      503: problemContent("The runs directory is away: unmounted, or moved."),
    },
  },
  respond: async (c, server) => {
    await expectPresent(server.config.runsDir);
    return c.json({
      status: "healthy",
      timestamp: now(),
      active_jobs: server.index.count("running"),
      watcher: server.watcher.isBlind() ? "blind" : "watching",
    });
  },
};
