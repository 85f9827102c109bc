import type { Context } from "hono";

/** Characters that are sent at once: an answer of fewer is sent whole, a longer one piece by piece. */
const pieceLength = 256 * 1024;

const headers = { "content-type": "application/json" };

/** JSON text that is made while it is sent: no more of it is in memory than the client takes. */
export async function textResponse(c: Context, texts: AsyncGenerator<string>): Promise<Response> {
  const pieces = inPieces(texts);
  const first = await pieces.next();
  const begin = first.done ? "" : first.value;
  if (begin.length < pieceLength) return c.body(begin, 200, headers);
  const body = ReadableStream.from(continued(begin, pieces)).pipeThrough(new TextEncoderStream());
  return c.body(body, 200, headers);
}

/** The same texts joined to pieces; only the last one is shorter. */
async function* inPieces(texts: AsyncGenerator<string>): AsyncGenerator<string> {
  let piece = "";
  for await (const text of texts) {
    piece += text;
    if (piece.length >= pieceLength) {
      yield piece;
      piece = "";
    }
  }
  yield piece;
}

async function* continued(begin: string, rest: AsyncGenerator<string>): AsyncGenerator<string> {
  yield begin;
  yield* rest;
}
