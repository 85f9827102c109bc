import { expect, test } from "vitest";
import { patience, scale } from "../chaos/scale.ts";
import { openSocket, postText, readToEnd, requestText } from "../http/raw.ts";
import { send, sharedServer } from "../support/server.ts";

// Requests whose bytes were tampered with, as no client library would send them.

const server = sharedServer({
  env: { QUANT_RUNS_ALLOW: "basic:succeeds", QUANT_RUNS_DURABILITY: "process" },
});

const body = '{"entrypoint": "basic:succeeds", "parameters": {"a": [1, 1e5, "é"]}, "labels": {"x": "y"}}';
const length = Buffer.byteLength(body);

const corpus = [
  requestText("GET /jobs?limit=1"),
  requestText("GET /jobs/none/logs/stdout", ["Range: bytes=0-9"]),
  requestText("GET /jobs/none/files/a/b%2f..%2fc"),
  requestText("HEAD /health", ["Accept: text/event-stream", "Last-Event-ID: 1"]),
  requestText("GET /jobs/none", ["Prefer: wait=0", 'If-None-Match: W/"x"', "Authorization: Bearer x"]),
  postText([`Content-Length: ${length}`], body),
  postText(["Transfer-Encoding: chunked"], `${length.toString(16)}\r\n${body}\r\n0\r\n\r\n`),
  requestText("POST /jobs/none/cancel", ["Content-Length: 0", "Origin: http://127.0.0.1"]),
  requestText("OPTIONS *", ["Expect: 100-continue", "Connection: upgrade", "Upgrade: h2c"]),
].map((text) => Buffer.from(text));

const pieces = [
  "\0",
  "\r\n",
  "\n",
  "\r",
  ":",
  " ",
  "/",
  "..",
  "%00",
  "%",
  "é",
  "\uFFFF",
  "9".repeat(30),
  "{",
  "[",
  '"',
  "-1",
  "chunked",
];

/** Numbers from 0 to below 1 that a seed gives again (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the corpus with up to six places cut, repeated, flipped or filled. */
function tampered(random: () => number): Buffer {
  const below = (most: number) => Math.floor(random() * most);
  let bytes = corpus[below(corpus.length)] ?? Buffer.alloc(0);
  for (let change = below(6); change >= 0; change--) {
    const at = below(bytes.length + 1);
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
    const fillings = [
      Buffer.from(pieces[below(pieces.length)] ?? ""),
      Buffer.from([below(256)]),
      behind.subarray(0, below(40)),
      Buffer.alloc(0),
    ];
    const skipped = behind.subarray(below(2) * below(12));
    bytes = Buffer.concat([before, fillings[below(fillings.length)] ?? Buffer.alloc(0), skipped]);
  }
  return bytes;
}

test("no bytes make the server fail or end", { timeout: patience }, async () => {
  const seed = Date.now() % 2 ** 31;
  const random = randomFrom(seed);
  const statuses = new Map<string, number>();
  const count = scale.tamperedRequests;
  for (let done = 0; done < count; done += 20) {
    const requests = Array.from({ length: 20 }, () => tampered(random));
    for (const answer of await Promise.all(requests.map(answerTo))) {
      const [status = "none"] = /(?<=^HTTP\/1\.1 )\d{3}/.exec(answer) ?? [];
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      expect({ seed, answer }).toEqual({
        seed,
        answer: expect.not.stringMatching(/HTTP\/1\.1 5(?!03|07)\d\d/),
      });
    }
  }
  process.stdout.write(
    `tampered ${count} requests, seed ${seed}: ${JSON.stringify(Object.fromEntries(statuses))}\n`,
  );
  expect((await send(server(), "/health")).body.status).toBe("healthy");
  expect(server().log.filter((line) => /"msg":"[A-Z]+ \S* failed"/.test(line))).toEqual([]);
  expect(statuses.size).toBeGreaterThan(4);
});

async function answerTo(bytes: Buffer): Promise<string> {
  const socket = await openSocket(server());
  socket.on("error", () => undefined); // it was cut, which is an answer as well
  socket.end(bytes);
  return readToEnd(socket).catch(() => "");
}
