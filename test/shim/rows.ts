import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { ended, type Job, run, send, submit, type TestServer } from "../support/server.ts";

/** What a job shows, its entrypoint, its parameters, and what its end must hold; also its exit.json, where given. */
export type Row = readonly [
  shows: string,
  entrypoint: string,
  parameters: object,
  job: object,
  exit?: object,
];

export const completed = (value: unknown) => ({
  status: "completed",
  error: null,
  failure: null,
  result: value === null ? null : { result: value },
});

/** Runs the jobs of all rows at once, as far as the server lets them, and compares each with its row. */
export async function expectRows(server: TestServer, rows: readonly Row[]): Promise<void> {
  const jobIds = await Promise.all(
    rows.map(([, entrypoint, parameters]) => submit(server, entrypoint, parameters)),
  );
  const jobs = await Promise.all(jobIds.map((jobId) => ended(server, jobId)));
  for (const [index, [shows, , , end, exit]] of rows.entries()) {
    const job = jobs[index] as Job;
    expect.soft(job, shows).toMatchObject(end);
    if (exit) expect.soft(JSON.parse(textOf(server, job, "exit.json")), shows).toMatchObject(exit);
  }
}

/** The text of a file in a job's run directory. */
export function textOf(server: TestServer, job: Pick<Job, "job_id">, name: string): string {
  return readFileSync(join(server.runsDir, job.job_id, name), "utf8");
}

/** The text of a member of a job, letter by letter as GET tells it: numbers keep their digits. */
export async function memberText(server: TestServer, jobId: string, name: string): Promise<string> {
  const { text } = await send(server, `/jobs/${jobId}`);
  const label = `"${name}": `;
  const line = text.split("\n").find((line) => line.startsWith(label)) ?? "";
  return line.slice(label.length).replace(/,$/, "");
}

/** Compares forms of results with their text; beside a key that the json module refuses, and without one. */
export async function expectForms(
  server: TestServer,
  entrypoint: string,
  forms: Readonly<Record<string, string>>,
  formsOfOtherKeys: Readonly<Record<string, string>>,
): Promise<void> {
  for (const expected of [forms, { ...forms, ...formsOfOtherKeys }]) {
    const job = await run(server, entrypoint, { names: Object.keys(expected) });
    expect(job).toMatchObject({ status: "completed", error: null });
    const members = Object.entries(expected).map(([name, form]) => `${JSON.stringify(name)}: ${form}`);
    const text = await memberText(server, job.job_id, "result");
    expect(lines(text)).toEqual(lines(`{"result": {${members.join(", ")}}}`));
  }
}

/** One member a line, for a difference that can be read. */
function lines(text: string): string[] {
  return text.split(/, (?=")/);
}
