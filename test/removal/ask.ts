import type { TestServer } from "../support/server.ts";

/** An answer to a request without a body; `detail` is that of a problem. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly detail: string;
}

/** Sends a request without a body. */
export async function ask(
  server: Pick<TestServer, "url">,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await fetch(new URL(path, server.url), { method, headers });
  const text = await answer.text();
  const isProblem = answer.headers.get("content-type") === "application/problem+json";
  return { status: answer.status, text, detail: isProblem ? JSON.parse(text).detail : "" };
}
