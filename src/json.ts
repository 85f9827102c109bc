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

/**
 * The text of one member of a JSON object, letter by letter: numbers as they were written, keys in their order. Of
 * several members of one name it is the last, which JSON.parse keeps. The text must be sound JSON.
 */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined;
  for (const member of membersOf(text)) {
    if (member.name === name) found = text.slice(member.start, member.end);
  }
  return found;
}

/** A member of a JSON object, and where the text of its value stands. */
interface Member {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The members of a JSON object in their order. The text must be sound JSON. */
export function* membersOf(text: string): Generator<Member> {
  let previous = "";
  let open: Omit<Member, "end"> | undefined;
  for (const { token, index, depth } of tokensOf(text)) {
    if (depth !== 1) continue;
    if (token === ":") open = { name: JSON.parse(previous), start: index + 1 };
    else if (open !== undefined && (token === "," || token === "}")) {
      yield { ...open, end: index };
      open = undefined;
    }
    previous = token;
  }
}

interface Token {
  readonly token: string;
  readonly index: number;
  /** How many arrays and objects it stands in; a bracket stands in the one it opens or closes. */
  readonly depth: number;
}

/** Strings, brackets, colons and commas of a JSON text, without the recursion a parser would need. */
function* tokensOf(text: string): Generator<Token> {
  let depth = 0;
  // A string that does not end counts to the end: were it tried again from each quote, the time would square.
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|[[\]{},:]/gs)) {
    if (token === "[" || token === "{") depth++;
    yield { token, index, depth };
    if (token === "]" || token === "}") depth--;
  }
}

/** Whether a parsed value is a JSON object. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** Whether arrays and objects stand in each other deeper than this. */
export function nestsDeeperThan(text: string, most: number): boolean {
  return tokensOf(text).some(({ depth }) => depth > most);
}
