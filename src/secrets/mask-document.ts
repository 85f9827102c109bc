import { membersOf } from "../json.ts";

type Hide = (json: string) => string;

/** Members of a job's document that are the server's own words: a job that finds `LOG_LEVEL=error` breaks none. */
const serversOwn: ReadonlySet<string> = new Set([
  ...["job_id", "status", "created_at", "started_at", "completed_at", "usage"],
  ...["entrypoint", "runtime", "result_bytes", "result_url"],
]);

/** The same of its `failure`. */
const serversOwnOfFailure: ReadonlySet<string> = new Set(["reason", "exit_code", "signal"]);

/** A job's document with what the job and its client wrote, in `hide`'s form. */
export function maskDocument(text: string, hide: Hide): string {
  const hideFailure: Hide = (failure) =>
    withValues(failure, (name, value) => (serversOwnOfFailure.has(name) ? value : hide(value)));
  // Who asked is told by a file that the job can write to, too.
  const hideRequester: Hide = (termination) =>
    withValues(termination, (name, value) => (name === "requested_by" ? hide(value) : value));
  return withValues(text, (name, value) => {
    if (serversOwn.has(name)) return value;
    if (name === "termination") return hideRequester(value);
    return name === "failure" ? hideFailure(value) : hide(value);
  });
}

/** A JSON object with the text of each value replaced. */
function withValues(text: string, replace: (name: string, value: string) => string): string {
  let shown = "";
  let told = 0;
  for (const { name, start, end } of membersOf(text)) {
    shown += text.slice(told, start) + replace(name, text.slice(start, end));
    told = end;
  }
  return shown + text.slice(told);
}
