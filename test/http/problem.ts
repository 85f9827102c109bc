import { readdirSync } from "node:fs";
import { afterEach, beforeEach, expect } from "vitest";
import { ProblemBody } from "../../src/http/problem.ts";
import { home, send, sharedServer, type TestServer } from "../support/server.ts";
import type { Answer } from "./raw.ts";

/** Stands in the server's environment, and must never come out of it. */
const secret = "a-secret-of-the-environment";

/**
 * One server for a file of requests that it refuses: after each of them it still answers, has made no run directory
 * and has nothing to complain of.
 */
export function refusingServer(): () => TestServer {
  const server = sharedServer({ env: { MDPS_ENTRYPOINT: undefined, SOMEBODYS_PASSWORD: secret } });
  const runDirectories = () => readdirSync(server().runsDir).filter((name) => !name.startsWith("."));
  let before = { log: 0, runs: [""] };
  beforeEach(() => {
    before = { log: server().log.length, runs: runDirectories() };
  });
  afterEach(async () => {
    expect((await send(server(), "/health")).body.status).toBe("healthy");
    expect(runDirectories()).toEqual(before.runs);
    expect((await send(server(), "/jobs")).body.total).toBe(before.runs.length);
    const complaints = server().log.slice(before.log);
    expect(complaints.filter((line) => !line.includes("jobs start warm"))).toEqual([]);
  });
  return server;
}

/** Checks that an answer is a problem as RFC 9457 has it, which tells nothing that is the server's own. */
export function expectProblem(server: TestServer, answer: Answer, status: number) {
  expect({ status: answer.status, type: answer.headers["content-type"] }).toEqual({
    status,
    type: "application/problem+json",
  });
  const problem = ProblemBody.strict().parse(JSON.parse(answer.text));
  expect(problem.status).toBe(status);
  expect(problem.detail).not.toBe("");
  for (const own of [secret, home, server.runsDir, "node_modules", "node:", "    at "]) {
    expect(answer.text).not.toContain(own);
  }
  return problem;
}
