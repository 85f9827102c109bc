import { isIPv4 } from "node:net";
import type { Config } from "../config/config.ts";
import { StartError } from "../errors.ts";

/** Whether only programs of this machine reach an address. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return (
    name === "localhost" || name === "::1" || name === "[::1]" || (isIPv4(name) && name.startsWith("127."))
  );
}

/**
 * Whoever reaches the port can run code: beyond this machine nobody may without a token.
 * @throws StartError that says what to do
 */
export function expectTokenBeyondLoopback(host: string, tokens: readonly unknown[]): void {
  if (isLoopback(host) || tokens.length > 0) return;
  throw new StartError(
    `HOST ${host} lets other machines in, to whom the server would run any code: set QUANT_RUNS_TOKEN or ` +
      "QUANT_RUNS_TOKEN_FILE, or leave HOST at 127.0.0.1",
  );
}

/** Addresses that stand for all of a machine's, and are no name of it. */
const wildcards = ["0.0.0.0", "::"];

/** A host and its port as URLs have them (RFC 9110, section 7.2); undefined for what is none. */
export function parseHost(header: string): { name: string; port: string } | undefined {
  const parts = /^(?<name>\[[0-9a-f:.]+\]|[^:/?#@[\]\s]+?)\.?(?<port>:\d{0,5})?$/i.exec(header)?.groups;
  return parts?.name === undefined ? undefined : { name: parts.name.toLowerCase(), port: parts.port ?? "" };
}

/**
 * Whether a Host header names this server: a page whose own name was bound anew to this machine's address (DNS
 * rebinding) sends the name it had. Names without a port count with any.
 */
export function isOwnHost({ host, allowedHosts = [] }: Config, header: string): boolean {
  const asked = parseHost(header);
  if (asked === undefined) return false;
  const { name, port } = asked;
  const own = wildcards.includes(host) ? [] : [host, `[${host}]`];
  const known = [...own, ...allowedHosts].map((each) => each.toLowerCase());
  return isLoopback(name) || known.includes(name) || known.includes(`${name}${port}`);
}
