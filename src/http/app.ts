import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { etag } from "hono/etag";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import { Problem } from "../errors.ts";
import { bodyTooLarge } from "./body.ts";
import { mountDocs } from "./docs.ts";
import { identifyClient } from "./guards/identify-client.ts";
import { limitRate } from "./guards/limit-rate.ts";
import { refuseForeignPages } from "./guards/refuse-foreign-pages.ts";
import { answerError, problemResponse } from "./problem.ts";
import type { Route, Server } from "./route.ts";
import { cancelJob } from "./routes/cancel-job.ts";
import { createJob } from "./routes/create-job.ts";
import { followJob } from "./routes/follow-job.ts";
import { followJobs } from "./routes/follow-jobs.ts";
import { listFiles } from "./routes/list-files.ts";
import { listJobs } from "./routes/list-jobs.ts";
import { pinJob } from "./routes/pin-job.ts";
import { removeJob } from "./routes/remove-job.ts";
import { showFile } from "./routes/show-file.ts";
import { showHealth } from "./routes/show-health.ts";
import { showJob } from "./routes/show-job.ts";
import { showLog } from "./routes/show-log.ts";
import { showPin } from "./routes/show-pin.ts";
import { showResult } from "./routes/show-result.ts";
import { showServer } from "./routes/show-server.ts";
import { unpinJob } from "./routes/unpin-job.ts";
import { addSecurityHeaders } from "./security-headers.ts";

const jobRoutes = [
  createJob,
  listJobs,
  showJob,
  showResult,
  showLog,
  followJob,
  followJobs,
  listFiles,
  showFile,
  cancelJob,
  removeJob,
  showPin,
  pinJob,
  unpinJob,
  showHealth,
];
const routes: readonly Route[] = [showServer(jobRoutes), ...jobRoutes];

/** The HTTP edge: every route, every error, the API's description and its pages. */
export function createApp(server: Server): Hono {
  // As the original did, `/jobs/` is `/jobs`.
  const app = new Hono({ strict: false });
  app.onError(answerError(server.events));
  app.notFound(() =>
    problemResponse(new Problem(404, "There is nothing at this address: GET / lists what there is")),
  );
  mountGuards(app, server);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (_c, methods) =>
        problemResponse(new Problem(405, `This address takes ${methods.join(", ")}`), {
          allow: methods.join(", "),
        }),
    }),
  );
  app.use(dropBodyOfHead);
  app.use(limitBody(server.config.maxBodyBytes));
  app.use("/jobs/:job_id", etag());
  for (const { description, respond } of routes) {
    const path = description.path.replaceAll(/\{(\w+)\}/g, ":$1").replace(/:path$/, ":path{.+}");
    app.on(description.method.toUpperCase(), path, (c) => respond(c, server));
  }
  mountDocs(app, describe);
  return app;
}

/** Most servers are never asked for it: what makes it is loaded for the first one who asks. */
async function describe(): Promise<object> {
  const { openapiDocument } = await import("./openapi.ts");
  return openapiDocument(routes);
}

/** Nobody reads the body of a GET, and to look whether there is one costs more than all else that is done for it. */
function limitBody(maxSize: number): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw bodyTooLarge(maxSize);
    },
  });
  return (c, next) => (["GET", "HEAD"].includes(c.req.method) ? next() : limit(c, next));
}

/** Who asks, how often, and from which page, before anything is looked at that is asked. */
function mountGuards(app: Hono, { config, tokens }: Server): void {
  const { corsOrigins = [], rateLimit } = config;
  app.use(requestId({ limitLength: 64 }));
  app.use(addSecurityHeaders);
  app.use(refuseForeignPages(corsOrigins));
  if (corsOrigins.length > 0)
    app.use(
      cors({
        origin: [...corsOrigins],
        allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
        exposeHeaders: readableHeaders,
      }),
    );
  app.use(identifyClient(tokens));
  if (rateLimit !== undefined) app.use(limitRate(rateLimit));
}

/** What pages of an allowed origin may read beside what every page may. */
const readableHeaders = [
  "accept-ranges",
  "content-range",
  "etag",
  "idempotency-replayed",
  "link",
  "location",
  "preference-applied",
  "retry-after",
  "x-request-id",
];

/** The answer to HEAD is the one to GET without its body; what that body holds open, such as a file, is let go of. */
async function dropBodyOfHead(c: Context, next: Next): Promise<void> {
  await next();
  if (c.req.method === "HEAD") await c.res.body?.cancel();
}
