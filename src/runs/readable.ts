import { errorCode } from "./record-file.ts";

/** Whether something failed for a lack of descriptors or memory, which says nothing of the file that was asked for. */
export function isLack(error: unknown): boolean {
  return ["EMFILE", "ENFILE", "ENOMEM"].includes(errorCode(error) ?? "");
}

/** A record where one that cannot be read counts as none, whatever keeps it: a lease of its job's, or a bad block. */
export async function readable<Kind>(reading: Promise<Kind | undefined>): Promise<Kind | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isLack(error)) throw error;
    return undefined;
  }
}
