import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allEventsOf, eventsOf, logText, type ServerEvent } from "../support/event-stream.ts";
import { ended, run, submit, temporaryFolder, waitFor } from "../support/server.ts";
import { secretiveServer } from "./secretive-server.ts";

const server = secretiveServer({
  ONE: "hunter2",
  LONGER: "hunter2-and-more",
  OVERLAPPING: "moreover",
  SAME: "aaaa",
  FOREIGN: "pä€😀",
});

/** What a job prints, and what is shown of it. */
const printed = "x hunter2\nhunter2-and-moreover hunter aaaaaab pä€😀!\naaa hunter2";
const shown = Buffer.from(`x *******\n${"*".repeat(20)} hunter ******b **********!\naaa *******`);
expect(shown.length).toBe(Buffer.byteLength(printed));

const address = (jobId: string) => `/jobs/${jobId}/logs/stdout`;
const logPath = (jobId: string) => join(server().runsDir, jobId, "stdout.log");

/** An ended job whose stdout.log is what the test says. */
async function jobWithLog(content: string | Buffer): Promise<string> {
  const { job_id } = await run(server(), "basic:succeeds");
  writeFileSync(logPath(job_id), content);
  return job_id;
}

async function bytesOf(path: string, range?: string): Promise<Buffer> {
  const response = await fetch(
    new URL(path, server().url),
    range === undefined ? {} : { headers: { range } },
  );
  return Buffer.from(await response.arrayBuffer());
}

test("every range of a log is what the whole log shows there", async () => {
  const jobId = await jobWithLog(printed);
  expect((await bytesOf(address(jobId))).toString()).toBe(shown.toString());
  for (let start = 0; start < shown.length; start++) {
    const ends = Array.from({ length: shown.length - start }, (_, more) => start + more);
    const ranges = await Promise.all(ends.map((end) => bytesOf(address(jobId), `bytes=${start}-${end}`)));
    expect(ranges.map(String)).toEqual(ends.map((end) => shown.subarray(start, end + 1).toString()));
  }
}, 120_000);

test("its last lines and its last bytes are so, too", async () => {
  const jobId = await jobWithLog(printed);
  for (const lines of [0, 1, 2, 3, 9]) {
    const expected = lines === 0 ? "" : shown.toString().split("\n").slice(-lines).join("\n");
    expect((await bytesOf(`${address(jobId)}?tail=${lines}`)).toString()).toBe(expected);
  }
  for (const last of [1, 3, 6, 7, 8, 30]) {
    expect(await bytesOf(address(jobId), `bytes=-${last}`)).toEqual(shown.subarray(-last));
  }
});

test("a follower that comes back at any byte is told what the log shows from there on", async () => {
  const jobId = await jobWithLog(printed);
  for (let start = 0; start <= shown.length; start++) {
    const events = await allEventsOf(server(), address(jobId), String(start));
    expect(logText(events)).toBe(shown.subarray(start).toString());
    const both = await allEventsOf(server(), `/jobs/${jobId}/events`, `${start}.0.0`);
    expect(logText(both)).toBe(shown.subarray(start).toString());
  }
});

test("what is written byte by byte is told as far as it begins no secret, and at the job's end all of it", async () => {
  const text = "ok hunter2. hunter! hunt";
  const told = "ok *******. hunter! hunt";
  const path = join(await temporaryFolder(), "go");
  const hexadecimal = Buffer.from(text).toString("hex");
  const jobId = await submit(server(), "keeps_secrets:writes_in_parts", { hexadecimal, path });
  const followers = [address(jobId), `/jobs/${jobId}/events`].map((each) => eventsOf(server(), each));
  const had = ["", ""];
  for (let written = 1; written <= text.length; written++) {
    await waitFor(() => expect(readFileSync(logPath(jobId))).toHaveLength(written));
    const [open] = /(?:h(?:u(?:n(?:t(?:e(?:r2?)?)?)?)?)?)?$/.exec(text.slice(0, written)) ?? [""];
    const soFar = told.slice(0, written - open.length);
    expect((await bytesOf(address(jobId))).toString()).toBe(soFar);
    for (const [index, follower] of followers.entries()) {
      while (String(had[index]).length < soFar.length) had[index] += await nextText(follower);
    }
    expect(had).toEqual([soFar, soFar]);
    writeFileSync(`${path}${written - 1}`, "");
  }
  const rest = await Promise.all(followers.map(restOf));
  expect(rest.map(logText)).toEqual(["hunt", "hunt"]);
  expect(rest.map((events) => events.at(-1)?.event)).toEqual(["end", "end"]);
  expect((await bytesOf(address(jobId))).toString()).toBe(told);
});

/** The text of the next event, if it has some. */
async function nextText(follower: AsyncGenerator<ServerEvent>): Promise<string> {
  const { value } = await follower.next();
  if (value === undefined) throw new Error("the stream has ended");
  return logText([value]);
}

async function restOf(follower: AsyncGenerator<ServerEvent>): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of follower) events.push(event);
  return events;
}

test("HEAD and Content-Range count what is told", async () => {
  const path = join(await temporaryFolder(), "go");
  const parameters = { text: "ok hunt", path };
  const jobId = await submit(server(), "logs:writes_and_waits", parameters);
  await waitFor(() => expect(readFileSync(logPath(jobId), "utf8")).toBe(parameters.text));
  const url = new URL(address(jobId), server().url);
  expect((await fetch(url, { method: "HEAD" })).headers.get("content-length")).toBe("3");
  const ranged = await fetch(url, { headers: { range: "bytes=1-9" } });
  expect(ranged.headers.get("content-range")).toBe("bytes 1-2/3");
  expect(await ranged.text()).toBe("k ");
  expect((await fetch(url, { headers: { range: "bytes=3-" } })).status).toBe(416);
  writeFileSync(path, "");
});

test("16 MiB with secrets everywhere, over the ends of all reads, come hidden and otherwise as they are", async () => {
  const pieces = Array.from(
    { length: 260_000 },
    (_, at) => `${"é".repeat(at % 37)}hunter2-and-more ${at} aaaaaa\n`,
  );
  const content = Buffer.from(pieces.join("")).subarray(0, 16 * 1024 * 1024);
  const jobId = await jobWithLog(content);
  const expected = Buffer.from(
    content.toString("latin1").replaceAll("hunter2-and-more", "*".repeat(16)).replaceAll("aaaaaa", "******"),
    "latin1",
  );
  expect(expected).toHaveLength(16 * 1024 * 1024);
  expect((await bytesOf(address(jobId))).equals(expected)).toBe(true);
  const part = await bytesOf(address(jobId), `bytes=1000003-${9 * 1024 * 1024}`);
  expect(part.equals(expected.subarray(1_000_003, 9 * 1024 * 1024 + 1))).toBe(true);
  const text = logText(await allEventsOf(server(), address(jobId)));
  expect(text === new TextDecoder().decode(expected)).toBe(true);
});

test("without a secret in it, a log of any bytes comes as it is", async () => {
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 256));
  expect((await bytesOf(address(await jobWithLog(bytes)))).equals(bytes)).toBe(true);
});

test("?tail=N of a log that is being written ends where it may be told", async () => {
  const path = join(await temporaryFolder(), "go");
  const parameters = { text: "one\ntwo hunt", path };
  const jobId = await submit(server(), "logs:writes_and_waits", parameters);
  await waitFor(() => expect(readFileSync(logPath(jobId), "utf8")).toBe(parameters.text));
  expect((await bytesOf(`${address(jobId)}?tail=1`)).toString()).toBe("two ");
  writeFileSync(path, "");
  expect((await ended(server(), jobId)).status).toBe("completed");
  expect((await bytesOf(`${address(jobId)}?tail=2`)).toString()).toBe(`${parameters.text}the end\n`);
});
