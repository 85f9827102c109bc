import type { Server as HttpServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import type { Hono } from "hono";
import { Problem, StartError } from "../errors.ts";
import { errorCode } from "../runs/record-file.ts";
import { problemText } from "./problem.ts";

export interface Listener {
  /** Where the server is reached, with the port it really got. */
  readonly url: string;
  /** Accepts no more connections and cuts those that are still open. */
  close(): Promise<void>;
}

/** @throws StartError when the address cannot be had */
export async function listen(app: Hono, host: string, port: number): Promise<Listener> {
  const server = createAdaptorServer({ fetch: app.fetch }) as HttpServer;
  server.on("clientError", answerGarbage);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(startError(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return { url: `http://${name}:${address.port}`, close: () => closeServer(server) };
}

function closeServer(server: HttpServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 1000).unref();
  return closed;
}

/** What is no HTTP at all never reaches a route; its sender still gets a problem he can read. */
function answerGarbage(error: Error, socket: Socket): void {
  if (!socket.writable) return;
  const tooLarge = errorCode(error) === "HPE_HEADER_OVERFLOW";
  const line = tooLarge ? "431 Request Header Fields Too Large" : "400 Bad Request";
  const body = problemText(
    new Problem(400, "The request is not HTTP/1.1 as RFC 9112 has it, or its head is too large"),
  );
  socket.end(
    `HTTP/1.1 ${line}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function startError(error: Error, host: string, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: "another program listens there",
    EACCES: "it is not allowed to this user",
    EADDRNOTAVAIL: "this machine has no such address",
    ENOTFOUND: "there is no such host",
  };
  const reason = reasons[errorCode(error) ?? ""] ?? error.message;
  return new StartError(`cannot listen on ${host} port ${port}: ${reason}; choose others with HOST and PORT`);
}
