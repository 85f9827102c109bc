import { z } from "zod";
import { Problem } from "../../errors.ts";
import { entrypointForm, isEntrypoint } from "../../jobs/entrypoint.ts";
import { noLabels } from "../../jobs/labels.ts";
import { defaultGraceSeconds, type Limits } from "../../jobs/limits.ts";
import { memberText } from "../../json.ts";
import { fileOf, runDirectory } from "../../runs/run-directory.ts";
import { defaultRuntime } from "../../runtimes/registry.ts";
import { readJson } from "../body.ts";
import { liveDocument, withMembers } from "../live-document.ts";
import { waitAsPreferred } from "../prefer-wait.ts";
import { jsonContent, problemContent, type Route, type Server, validated } from "../route.ts";
import { JobAccepted, JobDocument, JobRequest, Prefer } from "../schemas.ts";

const CreatedHeaders = z.object({
  Location: z.string().describe("The job's address.").meta({ example: "/jobs/20261123-152233-k3v9x2w8qa" }),
});

export const createJob: Route = {
  description: {
    method: "post",
    path: "/jobs",
    operationId: "createJob",
    summary: "Run a callable as a job.",
    description:
      "With `Prefer: wait=N` the answer is the whole job, when it has ended, or after N seconds, with `status_file`.",
    request: {
      headers: z.object({ prefer: Prefer.optional() }),
      body: { required: true, content: { "application/json": { schema: JobRequest } } },
    },
    responses: {
      201: {
        ...jsonContent("The job is accepted.", z.union([JobAccepted, JobDocument])),
        headers: CreatedHeaders,
      },
      400: problemContent("Not JSON, or no entrypoint, or one of the wrong form."),
      413: problemContent("The body is too large."),
      415: problemContent("The body is not declared as JSON."),
      422: problemContent("The body breaks its schema."),
      507: problemContent("The disk is full; there is no job."),
    },
  },
  respond: async (c, server) => {
    const body = await readJson(c);
    const { parameters, entrypoint, labels, ...limits } = validated(JobRequest, body.value, "body");
    const { job_id, created_at } = await server.supervisor.accept({
      entrypoint: chosenEntrypoint(server, entrypoint),
      runtime: defaultRuntime,
      parameters: parametersText(parameters, body.text),
      limits: chosenLimits(server, limits),
      labels: labels ?? noLabels,
    });
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

function chosenLimits(
  { config }: Server,
  asked: Omit<z.output<typeof JobRequest>, "entrypoint" | "parameters" | "labels">,
): Limits {
  return {
    timeout_seconds: asked.timeout_seconds ?? config.defaultTimeoutSeconds ?? null,
    silence_timeout_seconds: asked.silence_timeout_seconds ?? null,
    cancel_grace_seconds: asked.cancel_grace_seconds ?? defaultGraceSeconds,
  };
}

function chosenEntrypoint(server: Server, asked: string | null | undefined): string {
  const entrypoint = asked ?? server.config.entrypoint;
  if (entrypoint === undefined) {
    throw new Problem(
      400,
      `No entrypoint: send one as ${entrypointForm}, or set MDPS_ENTRYPOINT for the server`,
    );
  }
  if (!isEntrypoint(entrypoint)) {
    throw new Problem(
      400,
      `The entrypoint ${JSON.stringify(entrypoint.slice(0, 200))} must have the form ${entrypointForm}`,
    );
  }
  return entrypoint;
}
