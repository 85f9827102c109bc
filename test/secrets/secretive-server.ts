import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { sharedServer, type TestServer } from "../support/server.ts";

/** One server for all tests of a file, whose jobs have these secrets; called outside of any test. */
export function secretiveServer(secrets: Readonly<Record<string, string>>): () => TestServer {
  const folder = mkdtempSync(join(tmpdir(), "quant-runs-test-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "secrets.env");
  const lines = Object.entries(secrets).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(path, lines.join(""), { mode: 0o600 });
  return sharedServer({
    env: { QUANT_RUNS_SECRETS_FILE: path, QUANT_RUNS_LOG_LEVEL: "trace" },
    args: ["--concurrency", "4"],
  });
}

/** As many stars as a text has bytes. */
export function stars(text: string): string {
  return "*".repeat(Buffer.byteLength(text));
}
