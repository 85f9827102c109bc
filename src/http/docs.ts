import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Hono } from "hono";

const require = createRequire(import.meta.url);

/** Everything the two pages load, by its exact address: no path is built from a request. */
const assets: Readonly<Record<string, { file: string; type: string }>> = {
  "swagger-ui.css": { file: "swagger-ui-dist/swagger-ui.css", type: "text/css" },
  "swagger-ui-bundle.js": { file: "swagger-ui-dist/swagger-ui-bundle.js", type: "text/javascript" },
  "redoc.standalone.js": { file: "redoc/bundles/redoc.standalone.js", type: "text/javascript" },
};

const startSwagger = 'SwaggerUIBundle({ url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true });';

/** Where ReDoc would fetch its makers' logo, and the empty picture it gets instead. */
const outsideLogo = "https://cdn.redoc.ly/redoc/logo-mini.svg";
const noLogo = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";

/** What the pages may load: this server's own. The browser stops them where a new version would look elsewhere. */
const pageHeaders = {
  "content-security-policy":
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; frame-ancestors 'none'",
};

function page(title: string, head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${title}</title>
${head}
</head>
<body>
${body}
</body>
</html>
`;
}

const swaggerPage = page(
  "quant-runs: try the API",
  '<link rel="stylesheet" href="assets/swagger-ui.css">',
  '<div id="swagger-ui"></div>\n<script src="assets/swagger-ui-bundle.js"></script>\n<script src="assets/start-swagger.js"></script>',
);

const redocPage = page(
  "quant-runs: read the API",
  "<style>body { margin: 0; }</style>",
  '<redoc spec-url="openapi.json" hide-loading></redoc>\n<script src="assets/redoc.standalone.js"></script>',
);

/**
 * Swagger UI and ReDoc, from the installed packages alone.
 * @param describe makes the API's description, when it is first asked for
 */
export function mountDocs(app: Hono, describe: () => Promise<object>): void {
  let description: Promise<object> | undefined;
  app.get("/openapi.json", async (c) => {
    description ??= describe();
    return c.json(await description);
  });
  mountPage(app, "docs", swaggerPage);
  mountPage(app, "redoc", redocPage);
  app.get("/assets/start-swagger.js", (c) =>
    c.body(startSwagger, 200, { "content-type": "text/javascript" }),
  );
  for (const [name, { file, type }] of Object.entries(assets)) {
    app.get(`/assets/${name}`, async (c) =>
      c.body(await assetText(file), 200, {
        "content-type": `${type}; charset=utf-8`,
        "cache-control": "public, max-age=86400",
      }),
    );
  }
}

/** A page finds its files relative to its address, under any prefix of a proxy's; `/docs/` is sent to that address. */
function mountPage(app: Hono, name: string, html: string): void {
  app.get(`/${name}`, (c) =>
    new URL(c.req.url).pathname.endsWith("/")
      ? c.redirect(`../${name}`, 308)
      : c.html(html, 200, pageHeaders),
  );
}

async function assetText(file: string): Promise<string> {
  const text = await readFile(require.resolve(file), "utf8");
  return text.replaceAll(outsideLogo, noLogo);
}
