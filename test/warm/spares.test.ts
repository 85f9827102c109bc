import { expect, test } from "vitest";
import { childrenOf, claimOf, isAlive, isZombie } from "../support/processes.ts";
import { ended, reached, run, send, submit, type TestServer, waitFor } from "../support/server.ts";
import { livingTemplateOf, startWarmServer } from "./warm-server.ts";

async function resultOf(server: TestServer, entrypoint: string): Promise<unknown> {
  const { result, error } = await run(server, entrypoint);
  expect(error).toBeNull();
  return (result as { result: unknown }).result;
}

function expectTwo(pids: number[]): number[] {
  expect(pids).toHaveLength(2);
  return pids;
}

test("shims that are forked ahead end with their template; one that is killed costs no job", async () => {
  const server = await startWarmServer();
  const template = livingTemplateOf(server);
  const spares = await waitFor(() => expectTwo(childrenOf(template)));
  for (const spare of spares) process.kill(spare, "SIGKILL");
  await waitFor(() => expect(childrenOf(template)).toEqual([])); // none is forked until a job needs it
  expect(await resultOf(server, "surroundings:is_warm")).toBe(true);
  const waiting = await waitFor(() => expectTwo(childrenOf(template).flatMap(childrenOf)));
  for (const pid of waiting) process.kill(pid, "SIGKILL"); // as the memory killer does
  await waitFor(() => expect(waiting.filter(isZombie)).toEqual(waiting));
  for (const _ of waiting) expect(await resultOf(server, "surroundings:is_warm")).toBe(true);
  const left = await waitFor(() => {
    const others = expectTwo(childrenOf(template)); // each with the process of a job to come
    return [...others, ...expectTwo(others.flatMap(childrenOf))];
  });
  process.kill(template, "SIGKILL");
  await waitFor(() => expect(left.filter(isAlive)).toEqual([]));
});

test("a job whose process hangs before it begins can be cancelled", async () => {
  const server = await startWarmServer();
  const waiting = await waitFor(() => expectTwo(childrenOf(livingTemplateOf(server)).flatMap(childrenOf)));
  for (const pid of waiting) process.kill(pid, "SIGSTOP");
  const { body } = await send<{ job_id: string }>(server, "/jobs", {
    entrypoint: "basic:succeeds",
    cancel_grace_seconds: 0.1,
  });
  await waitFor(() => claimOf(server.runsDir, body.job_id));
  await send(server, `/jobs/${body.job_id}/cancel`, {});
  expect((await ended(server, body.job_id)).failure?.reason).toBe("cancelled");
  await waitFor(() => expect(waiting.filter(isAlive)).toHaveLength(1));
});

test("a job whose first shim gave it back is told as its second one runs it", async () => {
  const server = await startWarmServer();
  const waiting = await waitFor(() => expectTwo(childrenOf(livingTemplateOf(server)).flatMap(childrenOf)));
  for (const pid of waiting) process.kill(pid, "SIGSTOP");
  const job = await submit(server, "stubborn:sleeps");
  await reached(server, job, "running");
  const first = claimOf(server.runsDir, job);
  for (const pid of waiting) process.kill(pid, "SIGKILL");
  const second = await waitFor(() => {
    const claim = claimOf(server.runsDir, job);
    expect(claim.pid).not.toBe(first.pid);
    return claim;
  });
  await waitFor(async () => {
    const { body } = await send(server, `/jobs/${job}`);
    expect(body).toMatchObject({ status: "running", started_at: second.claimed_at });
    expect(body.usage).toMatchObject({ processes: expect.any(Number) });
  });
  await send(server, `/jobs/${job}/cancel`, {});
  expect((await ended(server, job)).failure?.reason).toBe("cancelled");
});
