import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { Config } from "../config/config.ts";
import { StartError } from "../errors.ts";
import { errorCode } from "../runs/record-file.ts";
import { bodyTooLarge } from "./body.ts";
import { asksForEvents } from "./event-stream.ts";
import { problemResponse } from "./problem.ts";
import { answerWith, headersOf, refusalOf, refuseBody, refuseGarbage, unreadable } from "./refusals.ts";

/** How long a client may take, in milliseconds: one that sends a byte a minute holds its connection no longer. */
export const usualPatience = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 1000,
} as const satisfies ServerOptions;

export interface Listener {
  /** Where the server is reached, with the port it really got. */
  readonly url: string;
  /** Accepts no more connections and cuts those that are still open. */
  close(): Promise<void>;
}

/** Answers a request at once, or says false: then it goes through the app. */
type QuickAnswer = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

/** @throws StartError when the address cannot be had */
export async function listen(
  app: Hono,
  config: Config,
  answerQuickly: QuickAnswer = () => false,
  patience: ServerOptions = usualPatience,
): Promise<Listener> {
  const { host, port } = config;
  const server = createHttpServer(app, config, answerQuickly, patience);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(startError(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return { url: `http://${name}:${address.port}`, close: () => closeServer(server) };
}

function createHttpServer(
  app: Hono,
  config: Config,
  answerQuickly: QuickAnswer,
  patience: ServerOptions,
): Server {
  const respond = getRequestListener(app.fetch, {
    hostname: "localhost",
    errorHandler: (error) => {
      const problem = unreadable(error);
      return problemResponse(problem, headersOf(problem));
    },
  });
  const server = createServer({ ...patience, requireHostHeader: false }, (incoming, outgoing) => {
    const problem = refusalOf(incoming, config);
    if (problem) answerWith(problem, outgoing);
    else if (Number(incoming.headers["content-length"]) > config.maxBodyBytes)
      refuseBody(bodyTooLarge(config.maxBodyBytes), incoming, outgoing);
    else if (!answerQuickly(incoming, outgoing)) {
      leaveWithClient(incoming, outgoing);
      void respond(incoming, outgoing);
    }
  });
  server.on("checkContinue", (incoming, outgoing) => inviteBody(server, config, incoming, outgoing));
  // A client that has sent all it has to send, as `nc -N` does, still gets its answer (RFC 9112, section 9.6).
  Object.assign(server, { httpAllowHalfOpen: true });
  server.maxConnections = config.maxConnections;
  refuseGarbage(server);
  return server;
}

/** Asks for a body only when it will be read (RFC 9110, section 10.1.1). */
function inviteBody(
  server: Server,
  config: Config,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const isTooLarge = Number(incoming.headers["content-length"]) > config.maxBodyBytes;
  const problem = isTooLarge ? bodyTooLarge(config.maxBodyBytes) : refusalOf(incoming, config);
  if (problem) answerWith(problem, outgoing.setHeader("connection", "close"));
  else {
    outgoing.writeContinue();
    server.emit("request", incoming, outgoing);
  }
}

/** One who follows events and hangs up has no more use for them; only the end of what it sends tells that at once. */
function leaveWithClient({ socket, url = "", headers }: IncomingMessage, outgoing: ServerResponse): void {
  if (!/\/events\/?(\?|$)/.test(url) && !asksForEvents(headers.accept)) return;
  const leave = () => outgoing.destroy();
  socket.once("end", leave);
  outgoing.once("close", () => socket.off("end", leave));
}

function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), 1000).unref();
  return closed;
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
