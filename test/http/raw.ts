import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { TestServer } from "../support/server.ts";

/** One answer as it came over the wire. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A connection to the server that stays open for as long as the server lets it. */
export async function openSocket(server: Pick<TestServer, "url">): Promise<Socket> {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

/** Everything the server sends until it closes the connection. */
export async function readToEnd(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}

/** Sends bytes exactly as they are, with no client to tidy them, and returns every answer there is. */
export async function exchange(
  server: Pick<TestServer, "url">,
  bytes: string | Uint8Array,
): Promise<Answer[]> {
  const socket = await openSocket(server);
  socket.end(bytes);
  return parseAnswers(await readToEnd(socket), /^HEAD /.test(bytes.toString()));
}

/** As exchange, where one answer is all there should be. */
export async function exchangeOne(
  server: Pick<TestServer, "url">,
  bytes: string | Uint8Array,
): Promise<Answer> {
  const answers = await exchange(server, bytes);
  const [answer] = answers;
  if (answer === undefined || answers.length > 1) throw new Error(`got ${answers.length} answers, not one`);
  return answer;
}

/** The text of a request: a request line, a Host header, what else there is, a body. */
export function requestText(line: string, headers: readonly string[] = [], body = ""): string {
  return [`${line} HTTP/1.1`, "Host: 127.0.0.1", ...headers, "", body].join("\r\n");
}

/** The text of a `POST /jobs` with these framing headers. */
export function postText(headers: readonly string[], body: string): string {
  return requestText("POST /jobs", ["Content-Type: application/json", ...headers], body);
}

/** The answers in what a server sent; those to HEAD have no body. */
export function parseAnswers(text: string, bodiless = false): Answer[] {
  if (text === "") return [];
  const headEnd = text.indexOf("\r\n\r\n");
  const [line = "", ...fields] = text.slice(0, headEnd).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1]);
  if (headEnd === -1 || Number.isNaN(status)) throw new Error(`not an answer: ${text.slice(0, 200)}`);
  const headers = Object.fromEntries(fields.map(field));
  const behind = text.slice(headEnd + 4);
  const [body, rest] = bodiless ? ["", behind] : splitBody(headers, behind);
  return [{ status, headers, text: body }, ...parseAnswers(rest, bodiless)];
}

function field(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** The answers of these tests are ASCII, so that characters are bytes. */
function splitBody(headers: Readonly<Record<string, string>>, text: string): [string, string] {
  if (headers["transfer-encoding"] === "chunked") return splitChunks(text);
  const length = Number(headers["content-length"] ?? text.length);
  return [text.slice(0, length), text.slice(length)];
}

function splitChunks(text: string): [string, string] {
  const lineEnd = text.indexOf("\r\n");
  const size = Number.parseInt(text.slice(0, lineEnd), 16);
  const start = lineEnd + 2;
  if (size === 0) return ["", text.slice(start + 2)];
  const [body, rest] = splitChunks(text.slice(start + size + 2));
  return [text.slice(start, start + size) + body, rest];
}
