import { z } from "zod";
import { noLabels } from "../../jobs/labels.ts";
import { submissionOf } from "../../jobs/submission.ts";
import { memberText } from "../../json.ts";
import { fileOf, runDirectory } from "../../runs/run-directory.ts";
import { defaultRuntime } from "../../runtimes/registry.ts";
import { audit } from "../audit.ts";
import { readJson } from "../body.ts";
import { chosenEntrypoint } from "../chosen-entrypoint.ts";
import { chosenEnvironment } from "../chosen-environment.ts";
import { chosenLimits } from "../chosen-limits.ts";
import { liveDocument, withMembers } from "../live-document.ts";
import { waitAsPreferred } from "../prefer-wait.ts";
import { jsonContent, problemContent, type Route, validated } from "../route.ts";
import { IdempotencyKey, JobAccepted, JobDocument, JobRequest, Prefer } from "../schemas.ts";

const CreatedHeaders = z.object({
  "Idempotency-Replayed": z
    .literal("true")
    .optional()
    .describe("The job was accepted before, by the first request with this Idempotency-Key."),
  Location: z.string().describe("The job's address.").meta({ example: "/jobs/20261123-152233-k3v9x2w8qa" }),
});

export const createJob: Route = {
  description: {
    method: "post",
    path: "/jobs",
    operationId: "createJob",
    summary: "Run a callable as a job.",
    description:
      "With `Prefer: wait=N` the answer is the whole job, when it has ended, or after N seconds, with `status_file`. " +
      "With an `Idempotency-Key` the request may be sent again, by a client that had no answer: it makes one job, for as " +
      "long as the job's run directory is there.",
    request: {
      headers: z.object({ prefer: Prefer.optional(), "idempotency-key": IdempotencyKey.optional() }),
      body: { required: true, content: { "application/json": { schema: JobRequest } } },
    },
    responses: {
      201: {
        ...jsonContent("The job is accepted.", z.union([JobAccepted, JobDocument])),
        headers: CreatedHeaders,
      },
      400: problemContent("Not JSON, or no entrypoint, or one of the wrong form."),
      403: problemContent(
        "The token is for reading alone, a page of another origin asks, or the entrypoint or a variable is not allowed.",
      ),
      413: problemContent("The body is too large."),
      415: problemContent("The body is not declared as JSON."),
      422: problemContent(
        "The body or a header breaks its schema, or the Idempotency-Key was another request's.",
      ),
      507: problemContent("The disk is full; there is no job."),
    },
  },
  respond: async (c, server) => {
    const body = await readJson(c);
    const { parameters, entrypoint, labels, env, ...limits } = validated(JobRequest, body.value, "body");
    const key = validated(IdempotencyKey.optional(), c.req.header("idempotency-key"), "header");
    const { job_id, created_at, isRepeated } = await server.supervisor.accept({
      entrypoint: chosenEntrypoint(server.config, entrypoint),
      runtime: defaultRuntime,
      parameters: parametersText(parameters, body.text),
      limits: chosenLimits(server.config, limits),
      labels: labels ?? noLabels,
      env: chosenEnvironment(server.config, env),
      submitted_by: c.get("client").token,
      submission: key === undefined ? null : submissionOf(key, body.text),
    });
    if (isRepeated) c.header("idempotency-replayed", "true");
    else audit(c, server, "submitted", job_id);
    const status_file = fileOf(runDirectory(server.config.runsDir, job_id), "status");
    c.header("location", `/jobs/${job_id}`);
    if (await waitAsPreferred(c, server, job_id)) {
      const job = await liveDocument(server, job_id);
      const members = { status_file: JSON.stringify(status_file) };
      if (job !== undefined)
        return c.body(withMembers(job.text, members), 201, { "content-type": "application/json" });
    }
    const accepted = { job_id, status: "pending" as const, created_at, status_file };
    return c.json(accepted, 201);
  },
};

/** The parameters letter by letter as they were sent, on one line. */
function parametersText(parameters: unknown, body: string): string {
  if (parameters === null || parameters === undefined) return "{}";
  return (memberText(body, "parameters") ?? "{}").replaceAll(/[\r\n]/g, " ").trim();
}
