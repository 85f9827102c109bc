/** Where a job stands. Clients in the field loop until `completed` or `failed`: there is never a fifth value. */
export const statuses = ["pending", "running", "completed", "failed"] as const;

export type Status = (typeof statuses)[number];

/** Which status may follow which. The README draws this table. */
export const transitions: Readonly<Record<Status, readonly Status[]>> = {
  pending: ["running", "failed"],
  running: ["completed", "failed", "pending"],
  completed: [],
  failed: [],
};

export function isTerminal(status: Status): status is "completed" | "failed" {
  return transitions[status].length === 0;
}
