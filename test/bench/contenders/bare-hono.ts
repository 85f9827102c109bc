// `bare-hono.ts FILE`: what Hono on @hono/node-server makes of the same bytes at the same address, and nothing else;
// prints its port. The limit of every answer that a server on this ground can give.
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { Hono } from "hono";

const text = readFileSync(process.argv[2] ?? "", "utf8");
const app = new Hono();
app.get("/jobs/:job_id", (c) => c.body(text, 200, { "content-type": "application/json" }));
serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => process.stdout.write(`${port}\n`));
