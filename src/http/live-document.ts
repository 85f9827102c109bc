import { createHash } from "node:crypto";
import { treeUsage } from "../processes/tree-usage.ts";
import { readProgress } from "../progress/read-progress.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { jobDocument } from "./job-document.ts";
import type { Server } from "./route.ts";

/** A job, one that runs with what changes meanwhile; its validator changes with all of it but the use of resources. */
export async function liveDocument(
  server: Server,
  jobId: string,
): Promise<{ text: string; etag: string } | undefined> {
  const text = await jobDocument(server, jobId);
  const state = server.index.get(jobId)?.state;
  if (text === undefined || state === undefined) return undefined;
  if (state.status !== "running") return { text, etag: etagOf(text) };
  const progress = JSON.stringify(
    await readProgress(runDirectory(server.config.runsDir, jobId), state.started_at, server.mask),
  );
  const usage = JSON.stringify(state.shim && (await treeUsage(state.shim)));
  const withoutUsage = text.replace('\n"usage": null,\n', "\n");
  return { text: withMembers(withoutUsage, { usage, progress }), etag: etagOf(text + progress) };
}

/** Weak: of two jobs that differ in nothing but their use of resources, either will do (RFC 9110, section 8.8.1). */
function etagOf(text: string): string {
  return `W/"${createHash("sha1").update(text).digest("base64url")}"`;
}

/** A JSON object with further members, JSON text themselves, at its end. */
export function withMembers(text: string, members: Readonly<Record<string, string>>): string {
  const others = text.trimEnd().slice(0, -1).trimEnd();
  const lines = Object.entries(members).map(([name, value]) => `${JSON.stringify(name)}: ${value}`);
  return `${others}${others === "{" ? "" : ","}\n${lines.join(",\n")}\n}\n`;
}
