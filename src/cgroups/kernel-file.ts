import { constants } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";

/** Writes to a file of a control group, which is never created: some of them may only be written to. */
export function setFile(path: string, text: string): Promise<void> {
  return writeFile(path, text, { flag: constants.O_WRONLY });
}

/** What a file of a control group lists. */
export async function wordsIn(path: string): Promise<string[]> {
  return (await readFile(path, "utf8")).split(/\s+/).filter((word) => word !== "");
}
