import { expect, test, vi } from "vitest";
import { noEnvironment } from "../../src/jobs/job-environment.ts";
import { noLimits } from "../../src/jobs/limits.ts";
import { jobText } from "../../src/runs/job-record.ts";

const [one, other] = ["20260101-000000-aaaaaaaaaa", "20260101-000001-bbbbbbbbbb"];
const text = jobText({
  job_id: one,
  created_at: "2026-01-01T00:00:00.000000+00:00",
  runtime: "python",
  entrypoint: "module:callable",
  limits: { ...noLimits, timeout_seconds: 5 },
  labels: { desk: "fx" },
  env: { ...noEnvironment, TZ: "Asia/Tokyo" },
  submitted_by: "ada",
  submission: { key: "once", digest: "d" },
  parameters: '{"a": 1.0}',
});

/** What becomes of reading a text where these others have been read before. */
async function reading(...texts: string[]): Promise<unknown> {
  vi.resetModules();
  const { requestIn } = await import("../../src/runs/job-record.ts");
  const outcomes = texts.map((each) => {
    try {
      return requestIn("job.json", each);
    } catch (error) {
      return String(error);
    }
  });
  return outcomes.at(-1);
}

test.each<[string, (text: string) => string]>([
  ["that is sound", (text) => text],
  ["of an older version, which has fewer members", (text) => text.replace(/"(limits|labels|env)".*\n/g, "")],
  ["of another version", (text) => text.replace('"version": 1', '"version": 2')],
  ["with other limits", (text) => text.replace('"timeout_seconds":5', '"timeout_seconds":6')],
  ["with limits that are none", (text) => text.replace('"timeout_seconds":5', '"timeout_seconds":-5')],
  ["with other parameters", (text) => text.replace('{"a": 1.0}', '{"a": [2.0, "\\n\\u0000"]}')],
  ["with parameters that are no JSON", (text) => text.replace('{"a": 1.0}', '{"a": 1.0')],
  ["with parameters and a comma", (text) => text.replace('{"a": 1.0}', '{"a": 1.0},')],
  ["with parameters on two lines", (text) => text.replace('{"a": 1.0}', '{"a":\n1.0}')],
  ["with a member behind its parameters", (text) => text.replace("1.0}\n", '1.0},\n"more": 1\n')],
  ["with parameters twice", (text) => text.replace('"labels"', '"parameters": {},\n"labels"')],
  [
    "with the same parameters twice",
    (text) => text.replace('"labels"', '"parameters": {"a": 1.0},\n"labels"'),
  ],
  [
    "with all the rest behind its parameters",
    (text) => text.replace("1.0}", '1.0}, "entrypoint": "os:abort", "env": {}'),
  ],
  ["that names its id twice, the same", (text) => text.replace('"labels"', `"job_id": "${one}",\n"labels"`)],
  [
    "that names its moment twice, the same",
    (text) => text.replace('"labels"', `${text.split("\n")[3]}\n"labels"`),
  ],
  ["that names its id in other signs", (text) => text.replace('"labels"', '"job\\u005fid": "c", "labels"')],
  ["that names its id twice", (text) => text.replace('"labels"', '"job_id": "c",\n"labels"')],
  ["that names its moment twice", (text) => text.replace('"labels"', '"created_at": "c",\n"labels"')],
  ["that was cut off", (text) => text.slice(0, -4)],
  ["with more behind it", (text) => `${text}{}`],
  ["in other lines", (text) => JSON.stringify(JSON.parse(text))],
])("a job.json %s reads the same, whatever was read before it", async (_, change) => {
  const alone = await reading(change(text));
  const like = change(text).replace(`"job_id": "${one}"`, `"job_id": "${other}"`);
  const almost = change(text).replace("1.0}\n", "2.0}\n");
  const earlier = change(text).replace("00:00:00.0", "00:00:00.1");
  expect(await reading(text, change(text))).toEqual(alone);
  expect(await reading(like, change(text))).toEqual(alone);
  expect(await reading(almost, change(text))).toEqual(alone);
  expect(await reading(earlier, change(text))).toEqual(alone);
  expect(await reading(change(text), text)).toEqual(await reading(text));
  expect(await reading(like, like, text, change(text))).toEqual(alone);
});

test("a job.json of what was read before says what it says itself", async () => {
  const second = text
    .replace(one, other)
    .replace("00:00:00.000000", "00:00:01.000000")
    .replace('{"a": 1.0}', '{"a": 2.0}');
  expect(await reading(text, second)).toEqual({
    ...((await reading(text)) as object),
    job_id: other,
    created_at: "2026-01-01T00:00:01.000000+00:00",
    parameters: '{"a": 2.0}',
  });
});

test("a job.json of very many lines is read", async () => {
  const long = text.replace('"labels"', `${"\n".repeat(30_000_000)}"labels"`);
  expect(await reading(long)).toEqual(await reading(text));
});
