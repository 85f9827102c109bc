import { z } from "zod";

/** A label's name: letters, digits, and `.`, `_`, `-`, `/` between them; 63 characters at most. */
const labelName = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/;

const mostLabels = 32;

/** What a client calls a job, to find it by: names and values. */
export const Labels = z
  .record(
    z.string().regex(labelName, "must be 1 to 63 letters, digits, '.', '_', '-', '/'"),
    z.string().max(255),
  )
  .refine((labels) => Object.keys(labels).length <= mostLabels, `must be ${mostLabels} labels at most`);
export type Labels = z.infer<typeof Labels>;

/** Shared by the many jobs that have none. */
export const noLabels: Labels = Object.freeze({});
