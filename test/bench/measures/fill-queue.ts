import { flood } from "../load/clients.ts";
import type { Flooded } from "../load/flood.ts";

/** Lets jobs that sleep hold both slots of a server, then so many others wait behind them. */
export async function fillQueue(port: number, count: number, connections: number): Promise<Flooded> {
  const submit = (entrypoint: string, requests: number) =>
    flood({
      port,
      connections,
      method: "POST",
      path: "/jobs",
      body: JSON.stringify({ entrypoint }),
      requests,
    });
  await submit("sleeps:main", 2);
  return await submit("noop:main", count);
}
