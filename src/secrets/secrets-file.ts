import { open } from "node:fs/promises";
import { StartError } from "../errors.ts";
import { errorCode } from "../runs/record-file.ts";

/** What jobs are given to know, by the name of the environment variable. */
export type Secrets = Readonly<Record<string, string>>;

export interface SecretsFile {
  readonly secrets: Secrets;
  /** Whether somebody else than its owner may read the file. */
  readonly isExposed: boolean;
}

/** A shorter one stands by chance in too many texts. */
const fewestCharacters = 4;

/** Far more than a key needs; every read of a log looks this far beyond its ends. */
const mostCharacters = 16 * 1024;

/** Names that say how programs are loaded, or that are this program's own. */
const reserved = /^(?:(?:LD_|DYLD_|PYTHON|QUANT_RUNS_).*|NODE_OPTIONS|BASH_ENV)$/;

/**
 * The secrets of a file of NAME=value lines; none without a file.
 * @throws StartError naming the file and the line that is wrong, never a value
 */
export async function readSecrets(path: string | undefined): Promise<SecretsFile> {
  if (path === undefined) return { secrets: {}, isExposed: false };
  const { bytes, mode } = await contentOf(path);
  return { secrets: secretsIn(path, textOf(path, bytes)), isExposed: (mode & 0o044) !== 0 };
}

async function contentOf(path: string): Promise<{ bytes: Buffer; mode: number }> {
  try {
    await using file = await open(path);
    return { bytes: await file.readFile(), mode: (await file.stat()).mode };
  } catch (error) {
    throw new StartError(
      `the secrets file ${path} cannot be read (${errorCode(error)}): set QUANT_RUNS_SECRETS_FILE to one that can`,
    );
  }
}

function textOf(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new StartError(`the secrets file ${path} is not text in UTF-8`);
  }
}

function secretsIn(path: string, text: string): Secrets {
  const secrets = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const { name, value, problem } = secretIn(line);
    const wrong = problem ?? (secrets.has(name) ? `sets ${name} a second time` : undefined);
    if (wrong !== undefined) throw new StartError(`line ${index + 1} of the secrets file ${path} ${wrong}`);
    secrets.set(name, value);
  }
  return Object.fromEntries(secrets);
}

/** A line's secret, and what is wrong with it. */
function secretIn(line: string): { name: string; value: string; problem: string | undefined } {
  const [, name, rest = ""] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(line) ?? [];
  if (name === undefined) return { name: "", value: "", problem: "must be NAME=value" };
  const value = /^(["'])(.*)\1$/s.exec(rest)?.[2] ?? rest;
  return { name, value, problem: reserved.test(name) ? `must not set ${name}` : problemOf(name, value) };
}

function problemOf(name: string, value: string): string | undefined {
  if (/[^\P{Cc}\t]/u.test(value)) return `gives ${name} a control character`;
  if (value.length > mostCharacters) return `gives ${name} more than ${mostCharacters} characters`;
  if ([...value.trim()].length >= fewestCharacters) return undefined;
  return `gives ${name} fewer than ${fewestCharacters} characters, which cannot be hidden in what jobs print`;
}
