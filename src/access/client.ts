import type { Scope } from "./tokens.ts";

/** Who sends a request. */
export interface Client {
  /** Name of its token; null where none is asked for. */
  readonly token: string | null;
  readonly scope: Scope;
  readonly address: string;
}

/** A client as records and log lines name it. */
export function clientName({ token, address }: Client): string {
  return token === null ? `client ${address}` : `${token} at ${address}`;
}

declare module "hono" {
  interface ContextVariableMap {
    client: Client;
    requestId: string;
  }
}
