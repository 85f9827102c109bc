import { connect, type Socket } from "node:net";

/** What came back: the status, and the bytes behind the head as they came. */
export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly rest: Buffer;
}

const endOfHead = Buffer.from("\r\n\r\n");
const endOfChunks = Buffer.from("0\r\n\r\n");

/**
 * One keep-alive connection, one request at a time. A raw socket and not node:http, whose client costs as much processor
 * time as a server's answer does: on two processors that would be measured as the server's.
 */
export class Connection {
  readonly #socket: Socket;
  #pieces: Buffer[] = [];
  #answered: PromiseWithResolvers<Answer> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (piece) => this.#take(piece as Buffer));
    socket.on("close", () => this.#answered?.reject(new Error("the server closed the connection")));
    socket.on("error", (error) => this.#answered?.reject(error));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, "127.0.0.1");
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new Connection(socket);
  }

  /** Sends the text of a request as `requestText` makes it. */
  ask(request: string): Promise<Answer> {
    this.#answered = Promise.withResolvers<Answer>();
    this.#socket.write(request);
    return this.#answered.promise;
  }

  close(): void {
    this.#answered = undefined;
    this.#socket.destroy();
  }

  #take(piece: Buffer): void {
    this.#pieces.push(piece);
    if (this.#pieces.length > 1 && piece.length > endOfChunks.length && !this.#mayBeWhole(piece)) return;
    const bytes = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    this.#pieces = [bytes];
    const answer = wholeAnswer(bytes);
    if (answer === undefined) return;
    this.#pieces = [];
    this.#answered?.resolve(answer);
  }

  /** Spares joining the pieces of a long answer in chunks before its last piece is there. */
  #mayBeWhole(piece: Buffer): boolean {
    const isChunked = this.#pieces[0]?.includes("ransfer-encoding: chunked", 0, "latin1") ?? false;
    return !isChunked || piece.subarray(-endOfChunks.length).equals(endOfChunks);
  }
}

function wholeAnswer(bytes: Buffer): Answer | undefined {
  const end = bytes.indexOf(endOfHead);
  if (end === -1) return undefined;
  const head = bytes.toString("latin1", 0, end).toLowerCase();
  const rest = bytes.subarray(end + endOfHead.length);
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  const isWhole =
    length === undefined
      ? rest.subarray(-endOfChunks.length).equals(endOfChunks)
      : rest.length >= Number(length);
  return isWhole ? { status: Number(head.slice(9, 12)), head, rest } : undefined;
}

/** The text of a request; a body goes as JSON. */
export function requestText(method: string, path: string, body?: string, headers = ""): string {
  const start = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}`;
  if (body === undefined) return `${start}\r\n`;
  return `${start}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** The body as JSON, of the kind the caller knows it to be. @throws when the answer is no success */
export function jsonIn<Kind>({ status, head, rest }: Answer): Kind {
  const text = head.includes("transfer-encoding: chunked") ? joined(rest) : rest.toString();
  if (status >= 300) throw new Error(`the server answers ${status}: ${text}`);
  return JSON.parse(text) as Kind;
}

/** Chunks joined (RFC 9112, section 7.1). */
function joined(bytes: Buffer): string {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf("\r\n", at);
    const length = Number.parseInt(bytes.toString("latin1", at, end), 16);
    if (length === 0) break;
    chunks.push(bytes.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
  return Buffer.concat(chunks).toString();
}
