import { type Status, statuses } from "../jobs/status.ts";
import { asksForStatusAlone, type JobFilter, matcher } from "./job-filter.ts";
import { type JobOrder, orderKey, type Place } from "./job-order.ts";
import type { JobTable } from "./job-table.ts";

/** A piece of the list of jobs, newest first: their ids, where the next ones begin, and how many match in all. */
export interface Page {
  readonly ids: readonly string[];
  readonly next: Place | undefined;
  readonly total: number;
}

/** Which piece is wanted: at most `limit` jobs that match, the newest, or those behind a place. */
export interface PageWish {
  readonly filter: JobFilter;
  readonly limit: number;
  readonly behind: Place | undefined;
}

export function pageOf(table: JobTable, order: JobOrder, { filter, limit, behind }: PageWish): Page {
  const isMatch = matcher(table, filter);
  const matches = (position: number) => isMatch(order.at(position));
  const [oldest, end] = order.between(filter.createdFrom, filter.createdBefore);
  const total = asksForStatusAlone(filter)
    ? countOf(table, filter.status)
    : countMatching(matches, oldest, end);
  const newest = behind === undefined ? end : Math.min(end, order.notBehind(behind));
  const most = Math.min(limit + 1, total); // one more tells whether there are others
  const found: number[] = [];
  for (let position = newest - 1; position >= oldest && found.length < most; position--) {
    if (matches(position)) found.push(order.at(position));
  }
  const places = found.slice(0, limit);
  const last = found.length > limit ? places.at(-1) : undefined;
  const next = last === undefined ? undefined : placeOf(table, last);
  return { ids: places.map((place) => table.idAt(place)), next, total };
}

function placeOf(table: JobTable, place: number): Place {
  return { created: orderKey(table.createdAt(place)), jobId: table.idAt(place) };
}

function countOf(table: JobTable, status: string | undefined): number {
  const wanted: readonly Status[] = statuses.filter((each) => status === undefined || each === status);
  return wanted.reduce((count, each) => count + table.count(each), 0);
}

function countMatching(matches: (position: number) => boolean, oldest: number, end: number): number {
  let count = 0;
  for (let position = oldest; position < end; position++) {
    if (matches(position)) count++;
  }
  return count;
}
