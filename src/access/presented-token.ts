/** The token in an Authorization header (RFC 6750); undefined for none, and for credentials of another kind. */
export function presentedToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}
