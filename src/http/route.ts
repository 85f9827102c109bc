import type { RouteConfig } from "@asteasolutions/zod-to-openapi";
import type { Context } from "hono";
import type { z } from "zod";
import type { Token } from "../access/tokens.ts";
import type { Config } from "../config/config.ts";
import { type FieldError, Problem } from "../errors.ts";
import type { Events } from "../events.ts";
import type { Mask } from "../secrets/mask.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { JobIndex } from "../tracking/job-index.ts";
import type { Journal } from "../tracking/journal.ts";
import type { Watcher } from "../tracking/watcher.ts";
import type { Documents } from "./documents.ts";
import { ProblemBody } from "./problem.ts";
import type { Streams } from "./streams.ts";

/** What the routes work with. */
export interface Server {
  readonly config: Config;
  readonly events: Events;
  readonly index: JobIndex;
  readonly journal: Journal;
  readonly supervisor: Supervisor;
  /** None lets everybody in who reaches the port. */
  readonly tokens: readonly Token[];
  readonly streams: Streams;
  /** Hides the secrets of the jobs in what is shown of them; undefined when there are none. */
  readonly mask: Mask | undefined;
  readonly watcher: Pick<Watcher, "isBlind">;
  readonly documents: Documents;
}

/** One operation: how the API's description tells it, and how it is answered. */
export interface Route {
  readonly description: RouteConfig & { readonly summary: string };
  readonly respond: (c: Context, server: Server) => Response | Promise<Response>;
}

/** An answer of JSON, for the API's description. */
export function jsonContent(description: string, schema: z.ZodType) {
  return { description, content: { "application/json": { schema } } };
}

/** An error, for the API's description. */
export function problemContent(description: string) {
  return { description, content: { "application/problem+json": { schema: ProblemBody } } };
}

/**
 * The value, if it fits.
 * @throws Problem 422 that names every field that does not
 */
export function validated<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  place: "body" | "query" | "path" | "header",
): z.output<Schema> {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const errors = checked.error.issues.map((issue) => fieldError(issue, place));
  throw new Problem(422, errors.map(({ field, message }) => `${field}: ${message}`).join("; "), { errors });
}

function fieldError(issue: z.core.$ZodIssue, place: string): FieldError {
  return { field: [place, ...issue.path].join("."), message: issue.message };
}
