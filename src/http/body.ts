import type { Context } from "hono";
import { Problem } from "../errors.ts";
import { nestsDeeperThan } from "../json.ts";

/** @param largest in bytes */
export function bodyTooLarge(largest: number): Problem {
  return new Problem(
    413,
    `The body is larger than ${largest} bytes: send less, or raise QUANT_RUNS_MAX_BODY_BYTES`,
  );
}

/** How deep the JSON of a body may nest: Python's parser ends at about 1,000. */
const deepestBody = 500;

/** A body as values to check, and as the text it came as. */
export interface JsonBody {
  readonly value: unknown;
  readonly text: string;
}

/**
 * The body as JSON.
 * @throws Problem 415 when it is declared as something else, 400 when it is no JSON or nested too deeply
 */
export async function readJson(c: Context): Promise<JsonBody> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new Problem(415, "Send the body as JSON, with the header Content-Type: application/json");
  }
  if (!/^(identity)?$/i.test(c.req.header("content-encoding") ?? "")) {
    throw new Problem(415, "Send the body as it is, without a Content-Encoding");
  }
  const text = decode(await c.req.arrayBuffer());
  if (nestsDeeperThan(text, deepestBody)) {
    throw new Problem(400, `The body nests arrays and objects more than ${deepestBody} deep`);
  }
  try {
    return { value: JSON.parse(text), text };
  } catch (error) {
    throw new Problem(
      400,
      `The body is not JSON: ${error instanceof Error ? error.message : "it cannot be parsed"}`,
    );
  }
}

function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, "The body is not JSON: it is not valid UTF-8 (RFC 8259, section 8.1)");
  }
}
