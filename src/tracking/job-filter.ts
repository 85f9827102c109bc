import type { Status } from "../jobs/status.ts";
import type { JobTable } from "./job-table.ts";
import type { Trait } from "./traits.ts";

/** Which jobs are wanted; what is left out does not matter. */
export interface JobFilter {
  readonly status?: string | undefined;
  readonly entrypoint?: string | undefined;
  /** Labels the job must have, by name and value. */
  readonly labels?: readonly (readonly [string, string])[];
  /** Microseconds since 1970 before which a job was not created, and at or after which it was not. */
  readonly createdFrom?: number | undefined;
  readonly createdBefore?: number | undefined;
}

/** Whether a filter asks for nothing but a status, or for nothing at all. */
export function asksForStatusAlone({
  entrypoint,
  labels = [],
  createdFrom,
  createdBefore,
}: JobFilter): boolean {
  const others = [entrypoint, createdFrom, createdBefore];
  return labels.length === 0 && others.every((wanted) => wanted === undefined);
}

/** Tells of the places of a table whether the job there matches. */
export function matcher(table: JobTable, filter: JobFilter): (place: number) => boolean {
  const hasTrait = traitMatcher(table, filter);
  const { status, createdFrom = -Infinity, createdBefore = Infinity } = filter;
  const isDated = filter.createdFrom !== undefined || filter.createdBefore !== undefined;
  return (place) => {
    const own: Status | undefined = table.statusAt(place);
    if (own === undefined || (status !== undefined && own !== status)) return false;
    if (hasTrait !== undefined && !hasTrait(table.traitAt(place))) return false;
    if (!isDated) return true;
    const created = table.createdAt(place);
    return created >= createdFrom && created < createdBefore;
  };
}

function traitMatcher(
  table: JobTable,
  { entrypoint, labels = [] }: JobFilter,
): ((trait: number) => boolean) | undefined {
  if (entrypoint === undefined && labels.length === 0) return undefined;
  const has = (own: Trait["labels"], [name, value]: readonly [string, string]) =>
    Object.hasOwn(own, name) && own[name] === value;
  return table.traits.asker((trait) => {
    if (entrypoint !== undefined && trait.entrypoint !== entrypoint) return false;
    return labels.every((label) => has(trait.labels, label));
  });
}
