import type { MiddlewareHandler } from "hono";
import { Problem } from "../../errors.ts";

/**
 * Lets each client send so many requests a second: each token, or where none is asked for each address.
 * @throws Problem 429 with when to come back
 */
export function limitRate(perSecond: number): MiddlewareHandler {
  const loading = limiterOf(perSecond); // most servers have no such limit, and need none of this in memory
  return async (c, next) => {
    const { token, address } = c.get("client");
    const { limiter, RateLimiterRes } = await loading;
    try {
      await limiter.consume(token === null ? `address ${address}` : `token ${token}`);
    } catch (spent) {
      if (!(spent instanceof RateLimiterRes)) throw spent;
      const headers = { "retry-after": String(Math.max(1, Math.ceil(spent.msBeforeNext / 1000))) };
      throw new Problem(429, `More than ${perSecond} requests in one second: send fewer`, { headers });
    }
    await next();
  };
}

async function limiterOf(perSecond: number) {
  const { RateLimiterMemory, RateLimiterRes } = await import("rate-limiter-flexible");
  return { limiter: new RateLimiterMemory({ points: perSecond, duration: 1 }), RateLimiterRes };
}
