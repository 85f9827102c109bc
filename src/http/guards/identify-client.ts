import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context, MiddlewareHandler } from "hono";
import type { Client } from "../../access/client.ts";
import { presentedToken } from "../../access/presented-token.ts";
import { findToken, type Token } from "../../access/tokens.ts";
import { Problem } from "../../errors.ts";

/** What anybody may ask: whether the server is there. */
export const openToAll = "/health";

/** Methods that change nothing (RFC 9110, section 9.2.1). */
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Lets in who presents a token, where the server has any, for what that token is good for (RFC 6750).
 * @throws Problem 401 without a token or with a wrong one, 403 with one of too small a scope
 */
export function identifyClient(tokens: readonly Token[]): MiddlewareHandler {
  return async (c, next) => {
    const client = clientOf(c, tokens);
    if (client === undefined && !isOpenToAll(c)) throw refusal(c);
    if (client?.scope === "read" && !safeMethods.has(c.req.method)) {
      const headers = { "www-authenticate": `${challenge}, error="insufficient_scope", scope="run"` };
      throw new Problem(403, `The token '${client.token}' is for reading alone: send one of the scope run`, {
        headers,
      });
    }
    c.set("client", client ?? { token: null, scope: "read", address: addressOf(c) });
    await next();
  };
}

const challenge = 'Bearer realm="quant-runs"';

function isOpenToAll(c: Context): boolean {
  return c.req.path === openToAll && ["GET", "HEAD"].includes(c.req.method);
}

function clientOf(c: Context, tokens: readonly Token[]): Client | undefined {
  const address = addressOf(c);
  if (tokens.length === 0) return { token: null, scope: "run", address };
  const token = findToken(tokens, presentedToken(c.req.header("authorization")) ?? "");
  return token && { token: token.name, scope: token.scope, address };
}

function refusal(c: Context): Problem {
  if (c.req.header("authorization") === undefined) {
    const headers = { "www-authenticate": challenge };
    return new Problem(401, "This server asks for a token: send it as Authorization: Bearer", { headers });
  }
  const headers = { "www-authenticate": `${challenge}, error="invalid_token"` };
  return new Problem(401, "The Authorization header holds no token that this server knows", { headers });
}

function addressOf(c: Context): string {
  return (c.env && getConnInfo(c).remote.address) || "of unknown address";
}
