import { createHash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Config } from "../config/config.ts";
import { StartError } from "../errors.ts";
import { errorCode } from "../runs/record-file.ts";

/** `read` lets a client look, `run` lets it run and stop jobs as well. */
export type Scope = "read" | "run";

/** What a client must know to be let in. The token itself is not kept. */
export interface Token {
  readonly name: string;
  readonly scope: Scope;
  readonly digest: Buffer;
}

const line =
  /^(?<name>[A-Za-z0-9][A-Za-z0-9._-]{0,62})\s+(?<scope>read|run)\s+(?<text>[A-Za-z0-9._~+/-]+=*)$/;
const bareToken = /^[A-Za-z0-9._~+/-]+=*$/;

/** Name of a token that was given without one. */
const nameless = "token";

/**
 * The tokens that the server was told, of its environment and of its file; none lets everybody in.
 * @throws StartError naming the file and the line that is wrong, never a token
 */
export async function readTokens({ token, tokenFile }: Config): Promise<readonly Token[]> {
  // No option checks its form, since the complaint would show it.
  if (token !== undefined && !bareToken.test(token)) {
    throw new StartError("QUANT_RUNS_TOKEN must consist of letters, digits and - . _ ~ + / alone");
  }
  const own = token === undefined ? [] : [tokenOf(nameless, "run", token)];
  const others = tokenFile === undefined ? [] : tokensIn(tokenFile, await textOf(tokenFile));
  return expectDifferent([...own, ...others]);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new StartError(
      `the token file ${path} cannot be read (${errorCode(error)}): set QUANT_RUNS_TOKEN_FILE to one that can`,
    );
  }
}

/** Lines of `name scope token`, or one token alone; empty lines and those that begin with # do not count. */
function tokensIn(path: string, text: string): Token[] {
  const numbered = text
    .split(/\r?\n/)
    .map((content, index) => ({ content: content.trim(), number: index + 1 }));
  const lines = numbered.filter(({ content }) => content !== "" && !content.startsWith("#"));
  const [first] = lines;
  if (first === undefined)
    throw new StartError(`the token file ${path} holds no token: add a line 'name run token'`);
  if (lines.length === 1 && bareToken.test(first.content)) return [tokenOf(nameless, "run", first.content)];
  return lines.map(({ content, number }) => tokenIn(path, content, number));
}

/** Records, rates and keys go by the name, and who may do what by the token. */
function expectDifferent(tokens: readonly Token[]): readonly Token[] {
  for (const [index, { name, digest }] of tokens.entries()) {
    const earlier = tokens.slice(0, index);
    if (earlier.some((each) => each.name === name))
      throw new StartError(`there are two tokens of the name ${name}`);
    const same = earlier.find((each) => each.digest.equals(digest));
    if (same) throw new StartError(`the tokens ${same.name} and ${name} are the same: give each its own`);
  }
  return tokens;
}

function tokenIn(path: string, content: string, number: number): Token {
  const { name, scope, text } = line.exec(content)?.groups ?? {};
  if (name === undefined || text === undefined) {
    throw new StartError(
      `line ${number} of the token file ${path} must be 'name scope token', the scope read or run`,
    );
  }
  return tokenOf(name, scope === "read" ? "read" : "run", text);
}

function tokenOf(name: string, scope: Scope, text: string): Token {
  return { name, scope, digest: digestOf(text) };
}

/** Of one length, so that a comparison tells nothing of the token's. */
function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The token that a client presents, in a time that does not depend on which one, or how much of it, is right. */
export function findToken(tokens: readonly Token[], presented: string): Token | undefined {
  const digest = digestOf(presented);
  return tokens.filter((token) => timingSafeEqual(token.digest, digest))[0];
}
