import type { MiddlewareHandler } from "hono";

/** What every answer carries that says nothing else of its own: it is no page, and nobody may show it inside one. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Adds them, and the request's id, to an answer, which may have set some of them already. */
export const addSecurityHeaders: MiddlewareHandler = async (c, next) => {
  await next();
  const headers = { ...securityHeaders, "x-request-id": c.get("requestId") };
  for (const [name, value] of Object.entries(headers)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
};
