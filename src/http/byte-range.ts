import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Context } from "hono";
import { Problem } from "../errors.ts";
import type { Mask } from "../secrets/mask.ts";

/** Bytes of a file, both ends included. */
interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * What a Range header asks for (RFC 9110, section 14.2); undefined for everything: without one, or with one that is
 * malformed or names several ranges, which a server may ignore.
 */
function rangeOf(c: Context, size: number): ByteRange | "unsatisfiable" | undefined {
  const asked = /^bytes=(\d{1,15})?-(\d{1,15})?$/.exec(c.req.header("range") ?? "");
  if (asked === null || (asked[1] ?? asked[2]) === undefined) return undefined;
  const [first, last] = [asked[1], asked[2]].map((digits) =>
    digits === undefined ? undefined : Number(digits),
  );
  const range =
    first === undefined
      ? { start: Math.max(0, size - (last ?? 0)), end: size - 1 }
      : { start: first, end: Math.min(last ?? size - 1, size - 1) };
  if (first !== undefined && last !== undefined && last < first) return undefined;
  return range.start > range.end ? "unsatisfiable" : range;
}

/** Whether the client has this version already (RFC 9110, section 13.1.2). */
function isKnown(c: Context, etag: string): boolean {
  const known = (c.req.header("if-none-match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return known.includes(etag) || known.includes("*");
}

/**
 * A file, or the range of it that is asked for; `start` is the first byte when none is. Closes the file
 * at its end; where it throws, that is left to the caller.
 * @throws Problem 416 that names the size, where no byte of the file is asked for
 */
export async function bytesResponse(
  c: Context,
  file: FileHandle,
  facts: {
    size: number;
    start?: number;
    etag?: string;
    headers: Record<string, string>;
    mask?: Mask | undefined;
  },
): Promise<Response> {
  const { size, start = 0, etag } = facts;
  if (etag !== undefined && isKnown(c, etag)) {
    await file.close();
    const { "content-type": _type, ...headers } = facts.headers;
    return c.body(null, 304, { ...headers, etag });
  }
  const condition = c.req.header("if-range");
  const isRanged = c.req.method === "GET" && (condition === undefined || condition === etag);
  const range = isRanged ? rangeOf(c, size) : undefined;
  if (range === "unsatisfiable") {
    const headers = { "content-range": `bytes */${size}` };
    throw new Problem(416, `There is no byte of that range: there are ${size}`, { headers });
  }
  const { start: first, end: last } = range ?? { start, end: size - 1 };
  const headers = {
    ...facts.headers,
    "accept-ranges": "bytes",
    "content-length": String(last - first + 1),
    "x-content-type-options": "nosniff",
    ...(etag && { etag }),
    ...(range && { "content-range": `bytes ${first}-${last}/${size}` }),
  };
  const status = range === undefined ? 200 : 206;
  if (c.req.method === "HEAD" || last < first) {
    await file.close();
    return c.body(null, status, headers);
  }
  const bytes = bytesOf(file, { start: first, end: last }, facts.mask);
  return c.body(bytes.pipeThrough(whole(last - first + 1)), status, headers);
}

/** Those bytes of a file, without the secrets that begin before them or end behind them. */
function bytesOf(file: FileHandle, { start, end }: ByteRange, mask?: Mask): ReadableStream<Uint8Array> {
  const margin = mask?.margin ?? 0;
  const before = Math.min(start, margin);
  const stream = file.createReadStream({ start: start - before, end: end + margin });
  const bytes = Readable.toWeb(stream) as ReadableStream<Uint8Array>;
  return mask === undefined ? bytes : bytes.pipeThrough(mask.window(before, end - start + 1));
}

/** Breaks the connection where a file became shorter meanwhile: else the next answer would be taken for the rest. */
function whole(length: number): TransformStream<Uint8Array, Uint8Array> {
  let left = length;
  return new TransformStream({
    transform: (chunk, controller) => {
      left -= chunk.length;
      controller.enqueue(chunk);
    },
    flush: (controller) => {
      if (left !== 0) controller.error(new Error("the file became shorter while it was sent"));
    },
  });
}
