import { once } from "node:events";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { listen, usualPatience } from "../../src/http/listen.ts";
import { send, waitFor } from "../support/server.ts";
import { emptyApp, emptyConfig } from "./empty-app.ts";
import { expectProblem, refusingServer } from "./problem.ts";
import { exchange, exchangeOne, openSocket, parseAnswers, postText, readToEnd, requestText } from "./raw.ts";

const server = refusingServer();

/** A socket that is closed after the test, whatever the server did. */
async function openForTest(): Promise<Socket> {
  const socket = await openSocket(server());
  onTestFinished(() => void socket.destroy());
  return socket;
}

describe("an address where nothing is gets 404", () => {
  test.each([
    "/nope",
    "/job",
    "/jobs/a/b",
    "/jobs/a/result/b",
    "//jobs",
    "/jobs//",
    "/jobs//result",
    "/JOBS",
    "/docs/index.html",
    "/assets/",
    "/assets/../package.json",
    "/assets/%2e%2e/package.json",
    "/assets/swagger-ui.css/x",
    "/assets/package.json",
    "/.quant_runs",
    "/..",
    "/%2e%2e",
    "/./health",
    "/jobs/../health",
    "/jobs/%2E%2e/health",
    "/%00",
    "/%ff",
    "/health%2f",
    "/jobs;x",
    "/favicon.ico",
    `/${"a".repeat(5000)}`,
  ])("GET %s", async (target) => {
    expectProblem(server(), await exchangeOne(server(), requestText(`GET ${target}`)), 404);
  });
});

describe("a slash at the end of an address makes no difference", () => {
  const told = async (target: string) => {
    const { status, headers, text } = await exchangeOne(server(), requestText(`GET ${target}`));
    return { status, type: headers["content-type"], text };
  };

  test.each([
    ["/", 200],
    ["/jobs", 200],
    ["/openapi.json", 200],
    ["/jobs/x", 404],
    ["/jobs/x/result", 404],
  ])("GET %s/", async (path, status) => {
    const answer = await told(`${path}/`);
    expect(answer).toEqual(await told(path));
    expect(answer.status).toBe(status);
  });

  test.each(["docs", "redoc"])("GET /%s/, but the page is at one address", async (name) => {
    const answer = await exchangeOne(server(), requestText(`GET /${name}/`));
    expect({ status: answer.status, location: answer.headers.location }).toEqual({
      status: 308,
      location: `../${name}`,
    });
  });
});

describe("a method that an address does not take gets 405 with those it takes", () => {
  test.each([
    ...["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"].map((method) => [method, "/jobs", "GET, HEAD, POST"]),
    ...["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"].flatMap((method) =>
      ["/", "/health", "/jobs/x/files", "/jobs/x/result", "/docs", "/redoc", "/openapi.json"].map((path) => [
        method,
        path,
        "GET, HEAD",
      ]),
    ),
    ...["GET", "PUT", "DELETE", "OPTIONS"].map((method) => [method, "/jobs/x/cancel", "POST"]),
    ...["POST", "PUT", "PATCH", "OPTIONS", "TRACE"].map((method) => [method, "/jobs/x", "DELETE, GET, HEAD"]),
    ...["POST", "PATCH"].map((method) => [method, "/jobs/x/pin", "DELETE, GET, HEAD, PUT"]),
    ["BREW", "/jobs", "DELETE, GET, HEAD, POST, PUT"],
    ["get", "/health", "DELETE, GET, HEAD, POST, PUT"],
    ["CONNECT", "elsewhere:443", "DELETE, GET, HEAD, POST, PUT"],
  ])("%s %s", async (method, path, allowed) => {
    const answer = await exchangeOne(server(), requestText(`${method} ${path}`));
    expectProblem(server(), answer, 405);
    expect(answer.headers.allow?.split(", ").toSorted().join(", ")).toBe(allowed);
  });
});

test.each([
  ["/", 200],
  ["/health", 200],
  ["/jobs", 200],
  ["/docs", 200],
  ["/openapi.json", 200],
  ["/jobs?limit=x", 422],
  ["/jobs/x", 404],
  ["/jobs/x/result", 404],
  ["/nope", 404],
  ["/jobs/%2e%2e", 404],
])("HEAD %s answers as GET does, without the body", async (path, status) => {
  const answer = await exchangeOne(server(), requestText(`HEAD ${path}`));
  const ofGet = await exchangeOne(server(), requestText(`GET ${path}`));
  expect({ status: answer.status, type: answer.headers["content-type"], text: answer.text }).toEqual({
    status: ofGet.status,
    type: ofGet.headers["content-type"],
    text: "",
  });
  expect(answer.status).toBe(status);
});

const manyHeaders = (value: string) => Array.from({ length: 2000 }, (_, index) => `X-${index}: ${value}`);

describe("a request that is not well made is refused", () => {
  test.each<[string, string | Uint8Array, number]>([
    ["prose", "please run my job\r\n\r\n", 400],
    ["bytes", Buffer.from("0005ff00fe0d0a0d0a", "hex"), 400],
    ["TLS", Buffer.from("16030100a5010000a10303", "hex"), 400],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["HTTP/0.9", "GET /\r\n\r\n", 400],
    ["a version from the future", "GET / HTTP/3.1\r\nHost: a\r\n\r\n", 400],
    ["no version", "GET / HTTP\r\nHost: a\r\n\r\n", 400],
    ["a space in its target", requestText("GET /jobs/a b"), 400],
    ["a NUL in its target", requestText("GET /jobs/a\0b"), 400],
    ["a control character in its target", requestText("GET /jobs/a\x01b"), 400],
    ["a target of no form", requestText("GET jobs"), 400],
    ["a target that is a star", requestText("OPTIONS *"), 400],
    ["a backslash in its target", requestText("GET /jobs\\..\\health"), 400],
    ["no Host", "GET /health HTTP/1.1\r\n\r\n", 400],
    ["two Hosts", requestText("GET /health", ["Host: b"]), 400],
    ["a Host of two words", "GET /health HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
    ["a Host with a path", "GET /health HTTP/1.1\r\nHost: a/jobs\r\n\r\n", 400],
    ["a header without a name", requestText("GET /health", [": x"]), 400],
    ["a header without a colon", requestText("GET /health", ["nonsense"]), 400],
    ["a NUL in a header", requestText("GET /health", ["X: a\0b"]), 400],
    ["2,000 headers", requestText("GET /health", manyHeaders("1")), 431],
    ["2,000 long headers", requestText("GET /health", manyHeaders("1".repeat(100))), 431],
    ["an address of 20,000 characters", requestText(`GET /jobs/${"a".repeat(20_000)}`), 431],
    ["a body shorter than its length", postText(["Content-Length: 99"], "{}"), 400],
    ["a negative length", postText(["Content-Length: -1"], "{}"), 400],
    ["a length that is no number", postText(["Content-Length: two"], "{}"), 400],
    ["two lengths", postText(["Content-Length: 2", "Content-Length: 3"], "{}"), 400],
    ["a length and chunks", postText(["Content-Length: 2", "Transfer-Encoding: chunked"], "0\r\n\r\n"), 400],
    ["a transfer coding of its own", postText(["Transfer-Encoding: gzip"], "{}"), 400],
    ["a chunk of no size", postText(["Transfer-Encoding: chunked"], "zz\r\n{}\r\n0\r\n\r\n"), 400],
    ["chunks that break off", postText(["Transfer-Encoding: chunked"], "5\r\n{"), 400],
    ["a transfer coding before chunks", postText(["Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"), 400],
    ["a name before its host", requestText("GET http://a@127.0.0.1/health"), 400],
    ["a name and a password before its host", requestText("POST http://a:b@127.0.0.1/jobs"), 400],
    ["an expectation of its own", postText(["Expect: a-miracle", "Content-Length: 2"], "{}"), 417],
  ])("%s", async (_what, bytes, status) => {
    expectProblem(server(), await exchangeOne(server(), bytes), status);
  });
});

test.each([
  ["of HTTP/1.0 without a Host", "GET /health HTTP/1.0\r\n\r\n"],
  ["with a whole address", requestText("GET http://127.0.0.1/health")],
  ["with a percent-encoded letter", requestText("GET /%68ealth")],
  ["that would like to upgrade", requestText("GET /health", ["Connection: upgrade", "Upgrade: websocket"])],
  ["behind empty lines", `\r\n\r\n${requestText("GET /health")}`],
])("a request %s is answered", async (_what, bytes) => {
  expect((await exchangeOne(server(), bytes)).status).toBe(200);
});

test("requests sent in one go are answered in order", async () => {
  const paths = ["/health", "/nope", "/jobs", "/jobs/x", "/"];
  const answers = await exchange(server(), paths.map((path) => requestText(`GET ${path}`)).join(""));
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 200, 404, 200]);
});

test("garbage behind a request does not take that request's answer", async () => {
  const [first, second, ...more] = await exchange(
    server(),
    postText(["Content-Length: 2"], "{}garbage\r\n\r\n"),
  );
  expect(first && expectProblem(server(), first, 400).detail).toContain("No entrypoint");
  expect(second && expectProblem(server(), second, 400).detail).toContain("HTTP/1.1");
  expect(more).toEqual([]);
});

test("the rest of a body that was refused is no request", async () => {
  const socket = await openForTest();
  socket.write(postText(["Content-Length: 99999999"], ""));
  await once(socket, "readable");
  socket.end("GET /health HTTP/1.1\r\n\r\n");
  const answers = parseAnswers(await readToEnd(socket));
  expect(answers.map(({ status }) => status)).toEqual([413]);
});

test.each([
  ["a CONNECT", requestText("CONNECT elsewhere:443")],
  ["a request", requestText("GET /jobs")],
  ["half a request", "GET /he"],
  ["garbage", "garbage\r\n\r\n"],
  ["half a body", postText(["Content-Length: 99"], "{")],
])("connections cut in the middle of %s do no harm", async (_what, bytes) => {
  for (let count = 0; count < 20; count++) {
    const socket = await openForTest();
    socket.on("error", () => socket.destroy());
    socket.write(bytes);
    // Some are cut before the server has read anything, some with its answer under way.
    if (count % 2 === 0) await (await openForTest()).end(requestText("GET /health")).toArray();
    socket.resetAndDestroy();
  }
});

test("2,000 connections that say nothing keep nobody from an answer", async () => {
  await Promise.all(Array.from({ length: 2000 }, openForTest));
  expect((await send(server(), "/health")).status).toBe(200);
});

test.skipIf(!existsSync("/proc/self/fd"))("senders of garbage who never hang up are cut off", async () => {
  const folder = `/proc/${server().pid}/fd`;
  const sockets = () =>
    readdirSync(folder).filter((name) => {
      try {
        return readlinkSync(`${folder}/${name}`).startsWith("socket:");
      } catch {
        return false; // closed meanwhile
      }
    }).length;
  for (let count = 0; count < 20; count++) {
    const socket = await openForTest();
    socket.write("garbage\r\n\r\n");
    await readToEnd(socket);
  }
  await waitFor(() => expect(sockets()).toBeLessThan(20));
});

test.each([
  ["nothing", ""],
  ["a part of its first line", "GET /heal"],
  ["no end of its head", requestText("GET /health").trimEnd()],
  ["a part of its body", postText(["Content-Length: 99"], "{")],
])("a request of which %s comes gets 408", async (_what, bytes) => {
  const impatience = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 };
  const listener = await listen(emptyApp(), emptyConfig(), undefined, impatience);
  onTestFinished(() => listener.close());
  const socket = await openSocket(listener);
  onTestFinished(() => void socket.destroy());
  socket.write(bytes);
  const [answer, ...more] = parseAnswers(await readToEnd(socket));
  expect(answer && expectProblem(server(), answer, 408).detail).toContain("in time");
  expect(more).toEqual([]);
});

test("nobody holds a connection longer than 10 seconds without a head, 30 without a request", () => {
  expect(usualPatience.headersTimeout).toBeLessThanOrEqual(10_000);
  expect(usualPatience.requestTimeout).toBeLessThanOrEqual(30_000);
});
