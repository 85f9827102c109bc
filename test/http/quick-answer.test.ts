import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { listen } from "../../src/http/listen.ts";
import { answerQuickly } from "../../src/http/quick-answer.ts";
import type { Server } from "../../src/http/route.ts";
import { fileOf, lockFile, runDirectory } from "../../src/runs/run-directory.ts";
import { plantEnded, replace } from "../recovery/planted-runs.ts";
import { temporaryFolder } from "../support/server.ts";
import { emptyServer } from "./empty-app.ts";

// A record that has just changed is not kept: to these tests it is later.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 }));
afterEach(() => void vi.useRealTimers());

const jobId = "run-1";

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly body: string;
  /** Whether it came without the way through all guards and routes. */
  readonly isQuick: boolean;
}

interface Asked {
  ask(headers?: Record<string, string>, path?: string, method?: string): Promise<Answer>;
  readonly statusFile: string;
  readonly directory: string;
}

/** A server with one ended job, of which the text is kept already. */
async function serve(
  change: Partial<Server> & { readonly own?: Partial<Server["config"]> } = {},
): Promise<Asked> {
  const runsDir = await temporaryFolder();
  writeFileSync(join(runsDir, lockFile), ""); // without it the directory would count as away
  plantEnded(runsDir, jobId, 1);
  const { own, ...others } = change;
  const empty = emptyServer({ runsDir });
  const server: Server = { ...empty, ...others, config: { ...empty.config, ...own } };
  await server.supervisor.load();
  const quick: boolean[] = [];
  const listener = await listen(createApp(server), server.config, (incoming, outgoing) => {
    quick.push(answerQuickly(server, incoming, outgoing));
    return quick.at(-1) === true;
  });
  onTestFinished(() => listener.close());
  const ask: Asked["ask"] = async (headers = {}, path = `/jobs/${jobId}`, method = "GET") => {
    const outgoing = request(new URL(path, listener.url), {
      method,
      headers: { connection: "close", ...headers },
    });
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    outgoing.on("response", resolve).on("error", reject).end();
    const incoming = await promise;
    const { "x-request-id": _id, date: _date, ...rest } = incoming.headers;
    const body = await text(incoming);
    return { status: incoming.statusCode, headers: rest, body, isQuick: quick.at(-1) === true };
  };
  const directory = runDirectory(runsDir, jobId);
  await ask({ "x-any": "1" });
  return { ask, directory, statusFile: fileOf(directory, "status") };
}

/** The same question on the quick way and on the long one. */
async function expectSame({ ask }: Asked, headers: Record<string, string> = {}): Promise<Answer> {
  const { isQuick, ...answer } = await ask(headers);
  const { isQuick: isLongQuick, ...long } = await ask({ ...headers, "x-any": "1" });
  expect(isLongQuick).toBe(false);
  expect(answer).toEqual(long);
  return { ...answer, isQuick };
}

test("an ended job is answered quickly once its text is kept, letter by letter and with the same header", async () => {
  const asked = await serve();
  const answer = await expectSame(asked, { accept: "*/*", "user-agent": "a test", "accept-language": "de" });
  expect(answer).toMatchObject({ status: 200, isQuick: true, body: readFileSync(asked.statusFile, "utf8") });
  const first = await asked.ask();
  expect(first.headers.etag).toBe((await asked.ask()).headers.etag);
});

const longer = (path: string) => `${readFileSync(path, "utf8")} `;

test.each<[string, number, (asked: Asked) => void]>([
  ["edited in place", 200, ({ statusFile }) => writeFileSync(statusFile, longer(statusFile))],
  ["replaced", 200, ({ statusFile }) => replace(statusFile, longer(statusFile))],
  ["spoilt", 200, ({ statusFile }) => writeFileSync(statusFile, "{}")],
  ["gone", 200, ({ statusFile }) => rmSync(statusFile)],
  ["gone with its directory", 404, ({ directory }) => rmSync(directory, { recursive: true })],
])("a kept text whose file is %s is not shown any more", async (_what, status, change) => {
  const asked = await serve();
  const before = await asked.ask();
  expect(before.isQuick).toBe(true);
  change(asked);
  const after = await asked.ask();
  expect(after).toMatchObject({ status, isQuick: false });
  expect(after.body).not.toBe(before.body); // with a byte more, from the other records, or a problem
  await expectSame(asked);
});

test.each<[string, Parameters<Asked["ask"]>]>([
  ["a HEAD", [{}, undefined, "HEAD"]],
  ["a query", [{}, `/jobs/${jobId}?a=b`]],
  ["a slash", [{}, `/jobs/${jobId}/`]],
  ["an id that is none", [{}, "/jobs/..%2f"]],
  ["an unknown id", [{}, "/jobs/unknown"]],
  ["another address", [{}, "/health"]],
  ["a wish to wait", [{ prefer: "wait=1" }]],
  ["a text that is known", [{ "if-none-match": "*" }]],
  ["an id of the request's own", [{ "x-request-id": "mine" }]],
  ["a page's origin", [{ origin: "http://elsewhere.example" }]],
  ["a wish for events", [{ accept: "text/event-stream" }]],
  ["a body", [{ "content-length": "0" }]],
])("%s goes the long way", async (_what, [headers, path, method]) => {
  const { ask } = await serve();
  expect((await ask(headers, path, method)).isQuick).toBe(false);
});

test("a host that is none of this server's is refused before all", async () => {
  const { ask } = await serve();
  expect(await ask({ host: "elsewhere.example" })).toMatchObject({ status: 421 });
});

test.each([{ rateLimit: 1000 }, { corsOrigins: ["http://here.example"] }])(
  "a server with %o answers nothing quickly",
  async (own) => {
    expect((await expectSame(await serve({ own }))).isQuick).toBe(false);
  },
);

test("a token is asked for on the quick way, too", async () => {
  const digest = createHash("sha256").update("secret").digest();
  const asked = await serve({ tokens: [{ name: "reader", scope: "read", digest }] });
  await asked.ask({ authorization: "Bearer secret", "x-any": "1" });
  expect(await expectSame(asked, { authorization: "Bearer secret" })).toMatchObject({
    status: 200,
    isQuick: true,
  });
  for (const headers of [{}, { authorization: "Bearer wrong" }, { authorization: "Basic secret" }]) {
    expect(await expectSame(asked, headers as Record<string, string>)).toMatchObject({
      status: 401,
      isQuick: false,
    });
  }
});
