import type { Context, MiddlewareHandler } from "hono";
import { Problem } from "../../errors.ts";
import { wantsEvents } from "../event-stream.ts";

/**
 * Keeps pages of other origins from changing anything here and from holding streams open. A browser says where a request
 * comes from (Fetch, Origin; Fetch Metadata, Sec-Fetch-Site); other programs say nothing and are let through.
 * @throws Problem 403 for a page of another origin that was not named in QUANT_RUNS_CORS_ORIGINS
 */
export function refuseForeignPages(allowedOrigins: readonly string[]): MiddlewareHandler {
  return async (c, next) => {
    if (matters(c) && !isOwnPage(c) && !allowedOrigins.includes(c.req.header("origin") ?? "")) {
      throw new Problem(
        403,
        "A page of another origin may not do this: name its origin in QUANT_RUNS_CORS_ORIGINS if it shall",
      );
    }
    await next();
  };
}

function matters(c: Context): boolean {
  return !["GET", "HEAD"].includes(c.req.method) || wantsEvents(c) || c.req.path.endsWith("/events");
}

/** A page next door, on another port of this machine, is none of ours either: `same-site` is not enough. */
function isOwnPage(c: Context): boolean {
  const site = c.req.header("sec-fetch-site") ?? "none";
  const origin = c.req.header("origin");
  const host = hostOf(c);
  const isOwnOrigin = origin === undefined || (host !== undefined && URL.parse(origin)?.host === host);
  return isOwnOrigin && (site === "same-origin" || site === "none");
}

/** As URLs write it, without the port that is the scheme's own. */
function hostOf(c: Context): string | undefined {
  return URL.parse(`http://${c.req.header("host") ?? ""}`)?.host;
}
