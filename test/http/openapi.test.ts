import { writeFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { describe, expect, test } from "vitest";
import { isJsonObject } from "../../src/json.ts";
import { ended, reached, run, send, sharedServer, submit, temporaryFolder } from "../support/server.ts";
import { describedBy, objectsIn, operationsOf } from "./description.ts";
import { emptyApp } from "./empty-app.ts";

const server = sharedServer({ args: ["--concurrency", "1"], env: { MDPS_ENTRYPOINT: undefined } });

/** Addresses for people, which are no part of the API. */
const pages = /^\/(docs|redoc|openapi\.json|assets\/[a-z.-]+)$/;

describe("/openapi.json", () => {
  test("is valid OpenAPI 3.1", async () => {
    const description = await describedBy(server());
    expect(description.openapi).toMatch(/^3\.1\./);
    expect(await new Validator().validate(structuredClone(description))).toEqual({ valid: true });
  });

  test("describes every route of the app and no other", async () => {
    const described = operationsOf(await describedBy(server())).map(
      ({ method, path }) => `${method.toUpperCase()} ${path}`,
    );
    const routes = emptyApp()
      .routes.filter(({ method, path }) => method !== "ALL" && !pages.test(path))
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`);
    expect(described.toSorted()).toEqual(routes.toSorted());
  });

  test("agrees with what GET / lists", async () => {
    const described = operationsOf(await describedBy(server()));
    const { endpoints } = (await send<{ endpoints: Record<string, string> }>(server(), "/")).body;
    for (const { method, path, operation } of described.filter(({ path }) => path !== "/")) {
      expect(endpoints[`${method.toUpperCase()} ${path}`]).toBe(operation.summary);
    }
  });

  test("gives every operation a name of its own, every parameter and answer words", async () => {
    const operations = operationsOf(await describedBy(server())).map(({ operation }) => operation);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { summary, parameters = [], responses } of operations) {
      expect(summary).toMatch(/^[A-Z].*\.$/);
      const described = [...parameters, ...Object.values(responses)];
      expect(described.filter(({ description }) => !description)).toEqual([]);
    }
  });

  test("describes every property of every schema", async () => {
    const description = await describedBy(server());
    const properties = objectsIn(description).flatMap(({ path, object }) =>
      isJsonObject(object.properties)
        ? Object.entries(object.properties).map(([name, schema]) => ({ path: `${path}/${name}`, schema }))
        : [],
    );
    const isDescribed = (schema: unknown): boolean =>
      isJsonObject(schema) &&
      (typeof schema.description === "string" ||
        (typeof schema.$ref === "string" && isDescribed(componentAt(schema.$ref))) ||
        [schema.anyOf, schema.oneOf, schema.allOf].some(
          (some) => Array.isArray(some) && some.some(isDescribed),
        ));
    const componentAt = (reference: string) =>
      description.components.schemas[reference.replace("#/components/schemas/", "")];
    expect(properties.length).toBeGreaterThan(30);
    expect(properties.filter(({ schema }) => !isDescribed(schema)).map(({ path }) => path)).toEqual([]);
  });
});

/** A validator of answers that allows nothing but what is described. */
async function answerValidator() {
  const description = structuredClone(await describedBy(server()));
  for (const { object } of objectsIn(description)) {
    if (isJsonObject(object.properties)) object.additionalProperties ??= false;
  }
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema(description, "api");
  return (operationPath: string, method: string, status: number, type: string | null, body: unknown) => {
    const steps = ["paths", operationPath, method, "responses", `${status}`, "content", `${type}`, "schema"];
    const pointer = steps.map((step) => step.replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
    const validate = ajv.compile({ $ref: `api#/${pointer}` });
    validate(body);
    return validate.errors ?? [];
  };
}

describe("real answers are as they are described", () => {
  test.each<[string, string, number, unknown?]>([
    ["/", "/", 200],
    ["/health", "/health", 200],
    ["/jobs", "/jobs", 201, { entrypoint: "basic:succeeds", parameters: { a: 1.5 } }],
    ["/jobs", "/jobs", 201, { entrypoint: "basic:succeeds", parameters: null }],
    ["/jobs", "/jobs", 400, "{"],
    ["/jobs", "/jobs", 400, { entrypoint: "nonsense" }],
    ["/jobs", "/jobs", 413, " ".repeat(8 * 1024 * 1024 + 1)],
    ["/jobs", "/jobs", 422, { entrypoint: 1, parameters: [] }],
    ["/jobs", "/jobs?limit=5&status_filter=completed", 200],
    ["/jobs", "/jobs?limit=x", 422],
    ["/jobs/{job_id}", "/jobs/none", 404],
    ["/jobs/{job_id}/result", "/jobs/none/result", 404],
    ["/jobs/{job_id}/files", "/jobs/none/files", 404],
    ["/jobs/{job_id}/files/{path}", "/jobs/none/files/x", 404],
    ["/jobs/{job_id}/logs/{log}", "/jobs/none/logs/stdout", 404],
    ["/jobs/{job_id}/logs/{log}", "/jobs/none/logs/stdout?tail=x", 422],
  ])("%s: %s %i", async (path, target, status, body) => {
    const errorsOf = await answerValidator();
    const answer = await send(server(), target, body);
    expect(answer.status).toBe(status);
    const type = answer.headers.get("content-type");
    expect(errorsOf(path, body === undefined ? "get" : "post", status, type, answer.body)).toEqual([]);
  });

  test("a job in every status, with every kind of ending", async () => {
    const errorsOf = await answerValidator();
    const big = { text: "x".repeat(2 * 1024 * 1024) };
    const ids = [
      (await run(server(), "basic:succeeds", { list: [1, null, "x"], nested: { deep: {} } })).job_id,
      (await run(server(), "basic:returns_nothing")).job_id,
      (await run(server(), "basic:succeeds", big)).job_id,
      (await run(server(), "endings:raises")).job_id,
      (await run(server(), "endings:segfaults")).job_id,
      (await run(server(), "nowhere:main")).job_id,
    ];
    const path = `${await temporaryFolder()}/go`;
    ids.push(await submit(server(), "basic:waits_for_file", { path }));
    await reached(server(), ids.at(-1) ?? "", "running");
    ids.push(await submit(server(), "basic:succeeds"));
    for (const id of ids) {
      const { body } = await send(server(), `/jobs/${id}`);
      expect(errorsOf("/jobs/{job_id}", "get", 200, "application/json", body)).toEqual([]);
    }
    const list = await send<{ count: number }>(server(), "/jobs");
    expect(errorsOf("/jobs", "get", 200, "application/json", list.body)).toEqual([]);
    expect(list.body.count).toBeGreaterThanOrEqual(ids.length);
    const result = await send(server(), `/jobs/${ids[0]}/result`);
    expect(errorsOf("/jobs/{job_id}/result", "get", 200, "application/json", result.body)).toEqual([]);
    writeFileSync(path, "");
    await ended(server(), ids.at(-1) ?? "");
  });
});
