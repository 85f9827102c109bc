import { z } from "zod";
import { isJsonObject } from "../../src/json.ts";
import { send, type TestServer } from "../support/server.ts";

const Content = z.record(z.string(), z.looseObject({ schema: z.looseObject({}) }));

const Operation = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  parameters: z.array(z.looseObject({ name: z.string(), description: z.string().optional() })).optional(),
  requestBody: z.looseObject({ content: Content }).optional(),
  responses: z.record(z.string(), z.looseObject({ description: z.string(), content: Content.optional() })),
});

/** As much of an OpenAPI document as the tests walk through. */
export const OpenapiDocument = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.looseObject({})) }),
});
export type OpenapiDocument = z.infer<typeof OpenapiDocument>;

/** The description that a server gives of itself. */
export async function describedBy(server: Pick<TestServer, "url">): Promise<OpenapiDocument> {
  return OpenapiDocument.parse((await send(server, "/openapi.json")).body);
}

export function operationsOf({ paths }: OpenapiDocument) {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
}

/** Every JSON object inside a value, itself included, with the path to it. */
export function objectsIn(value: unknown, path = ""): { path: string; object: Record<string, unknown> }[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => objectsIn(item, `${path}/${index}`));
  if (!isJsonObject(value)) return [];
  const inside = Object.entries(value).flatMap(([name, member]) => objectsIn(member, `${path}/${name}`));
  return [{ path, object: value }, ...inside];
}
