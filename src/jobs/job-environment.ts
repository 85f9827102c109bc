import { z } from "zod";

/** Variables that a job gets beside those of the server, by their names. */
export type JobEnvironment = Readonly<Record<string, string>>;

/** Shared by the many jobs that have none. */
export const noEnvironment: JobEnvironment = Object.freeze({});

export function hasVariables(environment: JobEnvironment): boolean {
  return Object.keys(environment).length > 0;
}

const mostVariables = 64;
const mostBytes = 32 * 1024;
/** All of a process's environment and arguments must fit into a quarter of its stack (execve(2)). */
const mostBytesTogether = 512 * 1024;

/** A name as every shell takes it (POSIX, "Environment Variables"). */
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

const isName = (text: string): boolean => text.length <= 255 && variableName.test(text);

/** The variables are checked and kept as they are: a copy by a schema would lose `__proto__`. */
export const JobEnvironment = z
  .custom<JobEnvironment>()
  .superRefine((value: unknown, context) => {
    for (const { path, message } of faultsOf(value)) context.addIssue({ code: "custom", path, message });
  })
  .meta({
    type: ["object", "null"],
    additionalProperties: { type: "string", maxLength: mostBytes },
    propertyNames: { pattern: variableName.source, maxLength: 255 },
    maxProperties: mostVariables,
  });

interface Fault {
  readonly path: string[];
  readonly message: string;
}

function faultsOf(value: unknown): Fault[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return [{ path: [], message: "must be a JSON object, or be left out" }];
  }
  const variables: [string, unknown][] = Object.entries(value);
  const faults = variables.flatMap(([name, each]) => {
    const message = isName(name) ? faultOf(each) : `must have names of the form ${variableName.source}`;
    return message === undefined ? [] : [{ path: [name], message }];
  });
  const together = variables.reduce((sum, [name, each]) => sum + name.length + bytesOf(each), 0);
  return [...faults, ...faultsOfAll(variables.length, together)];
}

function faultOf(value: unknown): string | undefined {
  if (typeof value !== "string") return "must be a string";
  if (value.includes("\0") || !value.isWellFormed()) return "must be text without a NUL character";
  return bytesOf(value) > mostBytes ? `must be ${mostBytes} bytes at most` : undefined;
}

function faultsOfAll(count: number, together: number): Fault[] {
  if (count > mostVariables) return [{ path: [], message: `must be ${mostVariables} variables at most` }];
  if (together <= mostBytesTogether) return [];
  return [{ path: [], message: `must be ${mostBytesTogether} bytes together at most` }];
}

function bytesOf(value: unknown): number {
  return typeof value === "string" ? Buffer.byteLength(value) : 0;
}
