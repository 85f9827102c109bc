import { readFileSync } from "node:fs";
import { z } from "zod";

const Package = z.object({ name: z.string(), version: z.string(), description: z.string() });

/** What this is, as package.json says. */
export const product = Package.parse(
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")),
);
