/** Why the server cannot start, in one line for the person who started it. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** One part of a request that breaks its schema. */
export interface FieldError {
  /** Where it stands: `body.parameters`, `query.limit`. */
  readonly field: string;
  readonly message: string;
}

/** Status codes of errors (RFC 9110, section 15.5 and 15.6; RFC 6585). */
type Refusal =
  | (400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 415 | 416 | 417 | 421 | 422 | 429 | 431)
  | (500 | 503 | 507);

/** A request that is answered with an error (RFC 9457). The detail is for the client: it names what was wrong and what to do. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: Refusal;
  readonly errors: readonly FieldError[] | undefined;
  /** Header fields that the answer needs beside its body. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: Problem["status"],
    detail: string,
    more: { errors?: readonly FieldError[]; headers?: Record<string, string> } = {},
  ) {
    super(detail);
    this.status = status;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}
