declare global {
  interface JSON {
    /** A value that JSON.stringify writes as exactly this text (TC39: JSON.parse source text access). */
    rawJSON(text: string): object;
    isRawJSON(value: unknown): boolean;
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
    ): unknown;
  }
}

/**
 * Parses JSON so that JSON.stringify gives every number back letter by letter: `1.0`, `12345678901234567890`, `1e400`.
 * @throws SyntaxError when the text is no JSON
 */
export function parseExact(text: string): unknown {
  return JSON.parse(text, (_key, value, context) =>
    typeof value === "number" && context.source !== undefined ? JSON.rawJSON(context.source) : value,
  );
}

/** Whether a parsed value is a JSON object. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/**
 * How deep arrays and objects stand in each other, without the recursion a parser would need. A string that does not
 * end counts to the end of the text: were it tried again from each quote inside, the time would grow with the square.
 */
export function nestingDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/gs)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++depth);
    else if (token === "]" || token === "}") depth--;
  }
  return deepest;
}
