import { z } from "zod";
import { JobEnvironment, noEnvironment } from "../jobs/job-environment.ts";
import { type Labels, noLabels } from "../jobs/labels.ts";
import { Limits, noLimits } from "../jobs/limits.ts";
import { Submission } from "../jobs/submission.ts";
import { isJsonObject } from "../json.ts";
import { CorruptRecord, parseRecord, readText } from "./record-file.ts";
import { fileOf } from "./run-directory.ts";

const JobFields = z.object({
  version: z.literal(1),
  job_id: z.string(),
  created_at: z.string(),
  runtime: z.string(),
  entrypoint: z.string(),
  submitted_by: z.string().nullable().default(null),
  submission: Submission.nullable().default(null),
  labels: z.record(z.string(), z.string()).default(noLabels),
  limits: Limits.default(noLimits),
  env: JobEnvironment.default(noEnvironment),
});

/** What a client asks for. `parameters` is the JSON text as it was sent: `1.0` stays `1.0`. */
export interface Request {
  readonly job_id: string;
  readonly created_at: string;
  readonly runtime: string;
  readonly entrypoint: string;
  readonly limits: Limits;
  readonly labels: Labels;
  readonly env: JobEnvironment;
  /** Name of the token by which the job was submitted; null where none was asked for. */
  readonly submitted_by: string | null;
  /** Null for a request that came without an Idempotency-Key. */
  readonly submission: Submission | null;
  readonly parameters: string;
}

/** The text of job.json: one member a line, so that a POSIX shell can read it and shims can copy lines from it. */
export function jobText(request: Request): string {
  return objectText({
    version: "1",
    job_id: JSON.stringify(request.job_id),
    created_at: JSON.stringify(request.created_at),
    runtime: JSON.stringify(request.runtime),
    entrypoint: JSON.stringify(request.entrypoint),
    limits: JSON.stringify(request.limits),
    labels: JSON.stringify(request.labels),
    env: JSON.stringify(request.env),
    submitted_by: JSON.stringify(request.submitted_by),
    submission: JSON.stringify(request.submission),
    parameters: request.parameters,
  });
}

/** A JSON object of members that are JSON text already, one a line. */
export function objectText(members: Readonly<Record<string, string>>): string {
  const lines = Object.entries(members).map(([name, text]) => `${JSON.stringify(name)}: ${text}`);
  return `{\n${lines.join(",\n")}\n}\n`;
}

/**
 * What was asked, from job.json; undefined when there is none.
 * @throws CorruptRecord when it is damaged
 */
export async function readRequest(directory: string): Promise<Request | undefined> {
  const path = fileOf(directory, "job");
  const text = await readText(path);
  return text === undefined ? undefined : requestIn(path, text);
}

/**
 * What stands in the text of a job.json. Most records of a client differ in ids, moments and parameters alone: what they
 * have in common is checked once, which takes longer than to read it.
 * @throws CorruptRecord when it is damaged
 */
export function requestIn(path: string, text: string): Request {
  const [, own = "", common, parameters = ""] = formOf(text);
  const isInForm = common !== undefined && parsed(parameters) !== undefined;
  if (isInForm && common === known?.common) {
    return { ...known.request, ...ownIn(own), parameters };
  }
  const request = checkedRequest(path, text);
  if (isInForm && namesNoOwn(common)) known = { common, request };
  return request;
}

/** In characters. A longer text would stay in memory, and could take more stack than a regular expression has. */
const longestForm = 64 * 1024;

/** Of a job.json as `jobText` makes it: all, its id and its moment, the lines up to its parameters, and those. */
function formOf(text: string): readonly (string | undefined)[] {
  return (text.length <= longestForm && form.exec(text)) || [];
}

const form =
  /^\{\n"version": 1,\n("job_id": "[\w-]+",\n"created_at": "[\w:.+-]+"),\n((?:(?!"parameters": ).*\n)+)"parameters": (.*)\n\}\n$/;

/** The last record of that form that was checked. */
let known: { readonly common: string; readonly request: Request } | undefined;

/** Whether these lines leave it to those before them which job this is: of two members of a name the last counts. */
function namesNoOwn(common: string): boolean {
  const members = parsed(`{${common}"parameters": null}`);
  return isJsonObject(members) && !Object.hasOwn(members, "job_id") && !Object.hasOwn(members, "created_at");
}

/** Copies: a part of a text keeps all of it in memory. */
function ownIn(members: string): Pick<Request, "job_id" | "created_at"> {
  return JSON.parse(`{${members}}`);
}

/** Undefined where it is no JSON, which is told where all is checked. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkedRequest(path: string, text: string): Request {
  const fields = parseRecord(path, text, JobFields);
  const start = text.indexOf(parametersLabel);
  if (start < 0) throw new CorruptRecord(path, "has no line with its parameters");
  const end = text.indexOf("\n", start + 1);
  const line = text.slice(start + parametersLabel.length, end < 0 ? text.length : end);
  return { ...fields, parameters: line.replace(/,$/, "") };
}

const parametersLabel = '\n"parameters": ';
