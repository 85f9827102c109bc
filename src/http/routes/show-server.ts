import { settingsOf } from "../../config/config.ts";
import { product } from "../../product.ts";
import { jsonContent, type Route } from "../route.ts";
import { ServerInfo } from "../schemas.ts";

/** The description of the server itself, made when all other operations are known. */
export function showServer(others: readonly Route[]): Route {
  const endpoints = Object.fromEntries(
    others.map(({ description }) => [
      `${description.method.toUpperCase()} ${description.path}`,
      description.summary,
    ]),
  );
  return {
    description: {
      method: "get",
      path: "/",
      operationId: "showServer",
      summary: "Describe this server.",
      responses: { 200: jsonContent("What this server is.", ServerInfo) },
    },
    respond: (c, { config }) =>
      c.json({
        ...product,
        endpoints: {
          ...endpoints,
          "GET /docs": "Try the API (Swagger UI).",
          "GET /redoc": "Read the API (ReDoc).",
        },
        configuration: Object.fromEntries(
          Object.entries(settingsOf(config)).map(([name, value]) => [name, value ?? "Not set"]),
        ),
      }),
  };
}
