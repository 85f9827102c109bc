import { describe, expect, test } from "vitest";
import { Mask } from "../../src/secrets/mask.ts";

/** Secrets that overlap, one that another begins with, repeated characters, other letters, what JSON escapes. */
const cases: readonly (readonly [string, readonly string[], string, string])[] = [
  ["one", ["hunter2"], "a hunter2 b hunter2", "a ******* b *******"],
  ["none", ["hunter2"], "a hunter b", "a hunter b"],
  ["all of it", ["hunter2"], "hunter2", "*******"],
  ["two side by side", ["hunter2", "abcd"], "hunter2abcd", "***********"],
  ["two that overlap", ["abcdef", "defghi"], "xabcdefghix", "x*********x"],
  ["one the beginning of another", ["abcd", "abcdefgh"], "abcdefgh abcdefg abcd", "******** ****efg ****"],
  ["one within another", ["abcdefgh", "cdef"], "abcdefgh abcdef", "******** ab****"],
  ["repeated characters", ["aaaa"], "aaa aaaa aaaaaaab", "aaa **** *******b"],
  ["one that overlaps itself", ["abab"], "ababab abaabab", "****** aba****"],
  ["a beginning before the whole", ["aab1"], "aaab1", "a****"],
  ["other letters", ["pä€😀"], "x pä€😀 y", "x ********** y"],
];

const escaped: readonly (readonly [string, string, string, string])[] = [
  ["as JSON.stringify writes it", 'say "no"', JSON.stringify('say "no"'), `"${"*".repeat(10)}"`],
  ["as json.dumps writes it", "pä😀x", '"p\\u00e4\\ud83d\\ude00x"', `"${"*".repeat(20)}"`],
];

const bytesCases = [
  ...cases,
  ...escaped.map(([what, secret, text, shown]) => [what, [secret], text, shown] as const),
];

/** Every way to cut a text in up to three pieces, empty ones too. */
function* cuts(text: Buffer): Generator<Buffer[]> {
  for (let one = 0; one <= text.length; one++) {
    for (let two = one; two <= text.length; two++) {
      yield [text.subarray(0, one), text.subarray(one, two), text.subarray(two)];
    }
  }
}

async function through(
  pieces: readonly Uint8Array[],
  stream: TransformStream<Uint8Array, Uint8Array>,
): Promise<string> {
  return Buffer.from(
    await new Response(ReadableStream.from(pieces).pipeThrough(stream)).arrayBuffer(),
  ).toString();
}

describe("bytes", () => {
  test.each(bytesCases)("%s", (_what, secrets, text, shown) => {
    const bytes = Buffer.from(text);
    new Mask(secrets).hide(bytes);
    expect(bytes.toString()).toBe(shown);
  });

  test.each(bytesCases)("%s, cut anywhere", async (_what, secrets, text, shown) => {
    const mask = new Mask(secrets);
    for (const pieces of cuts(Buffer.from(text))) {
      expect(await through(pieces, mask.window(0, Buffer.from(text).length))).toBe(shown);
    }
  });

  test.each(bytesCases)("%s, any part of it, piece by piece", async (_what, secrets, text, shown) => {
    const mask = new Mask(secrets);
    const bytes = Buffer.from(text);
    for (let start = 0; start < bytes.length; start++) {
      for (let end = start + 1; end <= bytes.length; end++) {
        const before = Math.min(start, mask.margin);
        const read = bytes.subarray(start - before, end + mask.margin);
        const told = await through(
          Array.from(read, (byte) => Buffer.of(byte)),
          mask.window(before, end - start),
        );
        expect(Buffer.from(told)).toEqual(Buffer.from(Buffer.from(shown).subarray(start, end).toString()));
      }
    }
  });
});

test.each([
  ["text", ["hunter2"], 4],
  ["hunt", ["hunter2"], 0],
  ["a hunter", ["hunter2"], 2],
  ["hunter2", ["hunter2"], 7],
  ["hunter2 h", ["hunter2"], 8],
  ["aaaa", ["aaaa"], 1],
  ["xab", ["abcd", "bcde"], 1],
  ["x\\u00", ["ä234"], 1],
  ["", ["hunter2"], 0],
])("%j may go on as a secret from %s on", (text, secrets, start) => {
  expect(new Mask(secrets).openEnd(Buffer.from(text))).toBe(start);
});

describe("JSON", () => {
  /** Secrets, a text, and the text with them hidden; it stays JSON. */
  const texts: readonly (readonly [string, readonly string[], string, string])[] = [
    ...cases.map(([what, secrets, text, shown]) => {
      const inString = what === "other letters" ? shown.replace("*".repeat(10), "*****") : shown;
      return [what, secrets, JSON.stringify([text]), JSON.stringify([inString])] as const;
    }),
    ...escaped.map(([what, secret, text, shown]) => [what, [secret], text, shown] as const),
    ["escapes in capitals", ["ä234"], '"\\u00E4\\u0032\\u00334"', `"${"*".repeat(19)}"`],
    ["an escaped slash", ["a/b/c"], '"a\\/b/c"', '"******"'],
    ["an escape that looks like it", ["nope"], '"\\nope nope"', '"\\nope ****"'],
    ["an escape of digits that look like it", ["e9ab"], '"\\u00e9ab e9ab"', '"\\u00e9ab ****"'],
    ["behind backslashes", ["nope"], '"\\\\nope \\\\\\nope"', '"\\\\**** \\\\\\nope"'],
    ["a backslash and a quote", ['\\\\""'], JSON.stringify(['\\\\""']), '["********"]'],
    ["a tab", ["a\tbc"], '"a\\tbc a\\u0009bc"', '"***** *********"'],
    ["a member's name", ["hunter2"], '{"hunter2": 1}', '{"*******": 1}'],
    ["a number", ["1234"], "[1234, 12345, 0.1234, 1234]", '["**", 12345, 0.1234, "**"]'],
    ["a number of another form", ["-1.5e+10"], "[-1.5e+10,-1.5e+1]", '["******",-1.5e+1]'],
    ["digits in a string", ["1234"], '"012345"', '"0****5"'],
    [
      "what stands between strings",
      ['", "', "true", "null"],
      '["a", "b", true, null]',
      '["a", "b", true, null]',
    ],
  ];

  test.each(texts)("%s", (_what, secrets, text, shown) => {
    expect(new Mask(secrets).json.hide(text)).toBe(shown);
    expect(() => JSON.parse(shown)).not.toThrow();
  });

  test.each(texts)("%s, cut anywhere", async (_what, secrets, text, shown) => {
    const { json } = new Mask(secrets);
    for (const pieces of cuts(Buffer.from(text))) expect(await through(pieces, json.stream())).toBe(shown);
  });

  test.each(texts)("%s, in a long text, byte by byte", async (_what, secrets, text, shown) => {
    const { json } = new Mask(secrets);
    const around = (middle: string) => `[${`${middle},`.repeat(50)}${"9".repeat(500)}]`;
    const bytes = Array.from(Buffer.from(around(text)), (byte) => Buffer.of(byte));
    expect(await through(bytes, json.stream())).toBe(around(shown));
  });

  test.each(["", '"', '"\\', '"\\u00', "{]", "-", '"hunter2', "\u0000\\"])("%j, which is none", (text) => {
    expect(new Mask(["hunter2"]).json.hide(text)).toBe(text.replace("hunter2", "*******"));
  });
});

describe("a job's document", () => {
  const document = {
    job_id: "20260101-000000-0000000000",
    status: "failed",
    created_at: "2026-01-01T00:00:00Z",
    error: "ValueError: 2026",
    failure: {
      reason: "exception",
      exit_code: 1,
      signal: null,
      type: "Error2026",
      traceback: "exception\n2026",
    },
    termination: null,
    usage: { cpu_seconds: 2026, memory_bytes: null },
    result: { "2026": [2026, "2026", { error: "error" }] },
    entrypoint: "error:main",
    labels: { year: "2026" },
    parameters: {},
  };

  test("keeps the server's own words", () => {
    const mask = new Mask(["2026", "error", "exception", "failed"]);
    expect(JSON.parse(mask.document(JSON.stringify(document, null, 2)))).toEqual({
      ...document,
      error: "ValueError: ****",
      failure: { ...document.failure, type: "Error****", traceback: `${"*".repeat(9)}\n****` },
      result: { "****": ["**", "****", { "*****": "*****" }] },
      labels: { year: "****" },
    });
  });

  test("without a secret stays as it is, letter by letter", () => {
    const text = '{ "parameters" : {"a" : 1.0, "b": "\\u00e9\\/"},\n"result": 1e400 }\n';
    expect(new Mask(["hunter2"]).document(text)).toBe(text);
  });
});

test("a secret of the longest length is found", () => {
  const secret = "ä/".repeat(8 * 1024);
  const mask = new Mask([secret]);
  expect(mask.json.hide(JSON.stringify(secret))).toBe(`"${"*".repeat(secret.length)}"`);
});
