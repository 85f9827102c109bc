import { OpenAPIRegistry, OpenApiGeneratorV31 } from "@asteasolutions/zod-to-openapi";
import { product } from "../product.ts";
import { openToAll } from "./guards/identify-client.ts";
import { problemContent, type Route } from "./route.ts";

/** What every address but one may answer before it looks at what is asked. */
const guardAnswers = {
  401: problemContent("The server asks for a token, and this is none of them."),
  403: problemContent("The token is for reading alone, or a page of another origin asks."),
  421: problemContent("The Host header names another server."),
  429: problemContent("Too many requests in one second; Retry-After says when to come back."),
  503: problemContent("Too much at once, or the runs directory is away; Retry-After says when to come back."),
};

/** The API's description (OpenAPI 3.1), all of it from the routes' own schemas. */
export function openapiDocument(routes: readonly Route[]): object {
  const registry = new OpenAPIRegistry();
  const bearer = registry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "One of the server's tokens, where it has any.",
  });
  const security = [{ [bearer.name]: [] }, {}];
  for (const { description } of routes) {
    const isOpen = description.path === openToAll;
    const responses = isOpen ? description.responses : { ...guardAnswers, ...description.responses };
    registry.registerPath({ security: isOpen ? [] : security, ...description, responses });
  }
  const { name, version, description } = product;
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: { title: name, version, description, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: "/" }],
  });
}
