import { OpenAPIRegistry, OpenApiGeneratorV31 } from "@asteasolutions/zod-to-openapi";
import { product } from "../product.ts";
import type { Route } from "./route.ts";

/** The API's description (OpenAPI 3.1), all of it from the routes' own schemas. */
export function openapiDocument(routes: readonly Route[]): object {
  const registry = new OpenAPIRegistry();
  for (const { description } of routes) registry.registerPath(description);
  const { name, version, description } = product;
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: { title: name, version, description, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: "/" }],
  });
}
