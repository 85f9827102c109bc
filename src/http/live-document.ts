import { membersOf } from "../json.ts";
import { treeUsage } from "../processes/tree-usage.ts";
import { readProgress } from "../progress/read-progress.ts";
import { objectText } from "../runs/job-record.ts";
import { runDirectory } from "../runs/run-directory.ts";
import { etagOf } from "./documents.ts";
import { jobDocument } from "./job-document.ts";
import type { Server } from "./route.ts";

/** A job, one that runs with what changes meanwhile; its validator changes with all of it but the use of resources. */
export async function liveDocument(
  server: Server,
  jobId: string,
): Promise<{ text: string; etag: string } | undefined> {
  const shown = await jobDocument(server, jobId);
  const status = server.index.statusOf(jobId);
  if (shown === undefined || status === undefined) return undefined;
  const state = status === "running" ? server.index.get(jobId)?.state : undefined;
  if (state?.status !== "running") return shown;
  const { text } = shown;
  const progress = JSON.stringify(
    await readProgress(runDirectory(server.config.runsDir, jobId), state.started_at, server.mask),
  );
  const usage = JSON.stringify(state.shim && (await treeUsage(state.shim)));
  return { text: withMembers(text, { usage, progress }), etag: etagOf(text + progress) };
}

/** A JSON object with these members, JSON text themselves, in the place of its own of the same names, or at its end. */
export function withMembers(text: string, members: Readonly<Record<string, string>>): string {
  const own = [...membersOf(text)].map(({ name, start, end }) => [name, text.slice(start, end).trim()]);
  return objectText({ ...Object.fromEntries(own), ...members });
}
