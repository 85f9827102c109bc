import { randomUUID } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { RequestError } from "@hono/node-server";
import { isOwnHost, parseHost } from "../access/hosts.ts";
import type { Config } from "../config/config.ts";
import { Problem } from "../errors.ts";
import { errorCode } from "../runs/record-file.ts";
import { problemText } from "./problem.ts";
import { securityHeaders } from "./security-headers.ts";

/** Milliseconds a sender of garbage has to take the answer before its connection is cut. */
const timeToRead = 1000;

/**
 * What no route may see: a request without the one Host header of RFC 9112, section 3.2, one that is meant for another
 * server, and a path that a URL parser would quietly make into another one, as `/jobs/%2e%2e` into `/`.
 */
export function refusalOf(incoming: IncomingMessage, config: Config): Problem | undefined {
  const { url = "", httpVersion } = incoming;
  const hosts = hostsIn(incoming.rawHeaders);
  if (hosts.length !== 1 && !(httpVersion === "1.0" && hosts.length === 0)) {
    return new Problem(400, "The request must have exactly one Host header");
  }
  const [, authority] = /^[a-z]+:\/\/([^/?#]*)/i.exec(url) ?? [];
  const named = authority === undefined ? hosts : [...hosts, authority];
  if (!named.every((host) => parseHost(host))) {
    return new Problem(400, "The Host header, or the host of the request's target, is none");
  }
  if (!named.every((host) => isOwnHost(config, host))) {
    return new Problem(
      421,
      "The Host header names no host of this server: QUANT_RUNS_ALLOWED_HOSTS adds its names",
    );
  }
  const { "transfer-encoding": coding = "chunked" } = incoming.headers;
  if (coding.trim().toLowerCase() !== "chunked") {
    return new Problem(400, "The one transfer coding that is taken here is chunked (RFC 9112, section 6.1)");
  }
  const [path = ""] = url.split(/[?#]/, 1);
  const isTidied = /\/(\.|%2e){1,2}(\/|$)/i.test(path);
  return isTidied ? new Problem(404, "There is nothing at an address with dots") : undefined;
}

/** Every Host header, of names and values in turn; node:http tells of the first alone, or goes through all headers. */
function hostsIn(rawHeaders: readonly string[]): string[] {
  const isHost = (name: string) => name.length === 4 && name.toLowerCase() === "host";
  return rawHeaders.filter((_, index) => index % 2 === 1 && isHost(rawHeaders[index - 1] ?? ""));
}

/** What could not be made into a request at all. */
export function unreadable(error: unknown): Problem {
  const reason = error instanceof RequestError ? `: ${error.message}` : "";
  return new Problem(400, `The request's target or Host header cannot be read${reason}`);
}

/**
 * Answers at once, and lets the rest of the body come for as long as any request may take: a client whose connection
 * breaks while it still sends never reads the answer.
 */
export function refuseBody(problem: Problem, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const text = problemText(problem);
  const headers = { ...headersOf(problem), "content-length": Buffer.byteLength(text) };
  outgoing.writeHead(problem.status, { ...headers, connection: "close" }).write(text);
  incoming.once("end", () => outgoing.end()).resume();
}

export function headersOf({ headers }: Problem): Record<string, string> {
  const own = { "content-type": "application/problem+json", "x-request-id": randomUUID() };
  return { ...securityHeaders, ...own, ...headers };
}

/** Answers a request that no route gets to see. */
export function answerWith(problem: Problem, outgoing: ServerResponse): void {
  outgoing.writeHead(problem.status, headersOf(problem)).end(problemText(problem));
}

/** Answers, with a problem the sender can read, what node:http would answer with nothing but a status line. */
export function refuseGarbage(server: Server): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  server.on("request", (incoming, outgoing) => latest.set(incoming.socket, outgoing));
  server.on("checkExpectation", (_incoming, outgoing) =>
    answerWith(new Problem(417, "The one expectation that is met here is 100-continue"), outgoing),
  );
  server.on("connect", (_incoming, socket) => {
    // node:http has let go of this socket: an error that nobody listens for would end the server.
    socket.on("error", () => socket.destroy());
    refuse(socket, unknownMethod);
  });
  server.on("clientError", (error, socket) => afterAnswer(latest.get(socket), socket, garbageProblem(error)));
}

/** Garbage behind a request that is being answered waits: it must neither replace that answer nor stand inside it. */
function afterAnswer(outgoing: ServerResponse | undefined, socket: Duplex, problem: Problem): void {
  if (outgoing?.req.complete && !outgoing.writableFinished) {
    outgoing.once("finish", () => refuse(socket, problem));
  } else if (outgoing?.headersSent && !outgoing.req.complete) {
    socket.destroy(); // the rest of a request that has its answer
  } else {
    refuse(socket, problem);
  }
}

const unknownMethod = new Problem(405, "The method is none that any address here takes");
const notHttp = new Problem(400, "The request is not HTTP/1.1 as RFC 9112 has it");

function garbageProblem(error: Error): Problem {
  switch (errorCode(error)) {
    case "HPE_HEADER_OVERFLOW":
      return new Problem(431, "The head of the request is too large");
    case "HPE_INVALID_METHOD":
      return startsLikeRequest(error) ? unknownMethod : notHttp;
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new Problem(408, "The request did not come in time");
    default:
      return notHttp;
  }
}

/** Tells an unknown method from what is no HTTP at all, which node:http's parser does not. */
function startsLikeRequest(error: Error): boolean {
  if (!("rawPacket" in error && error.rawPacket instanceof Buffer && "bytesParsed" in error)) return false;
  const text = error.rawPacket.toString("latin1");
  const line = text.slice(text.lastIndexOf("\n", Number(error.bytesParsed)) + 1);
  return /^[A-Za-z]+ \S+ HTTP\/1\.[01]\r?\n/.test(line);
}

function refuse(socket: Duplex, problem: Problem): void {
  if (!socket.writable) return;
  const body = problemText(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    ...Object.entries(headersOf(problem)).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
    ...(problem.status === 405 ? ["allow: GET, HEAD, POST, PUT, DELETE"] : []),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), timeToRead).unref();
}
