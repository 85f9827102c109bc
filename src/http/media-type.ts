import { getMimeType } from "hono/utils/mime";

/** The media type of a file by the end of its name; bytes of no known kind otherwise. */
export function mediaTypeOf(path: string): string {
  return getMimeType(path.toLowerCase()) ?? "application/octet-stream";
}
