import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { serveOptions } from "../src/config/config.ts";
import { ended, home, type Job, send, startServer } from "./support/server.ts";

const container = JSON.parse(await readFile(join(home, ".devcontainer", "devcontainer.json"), "utf8"));
const { engines } = JSON.parse(await readFile(join(home, "package.json"), "utf8"));

test("brings Node and Python, installs the dependencies and forwards the server's port", () => {
  const major = /\d+/.exec(engines.node)?.[0];
  expect(container.image).toMatch(new RegExp(`/javascript-node:${major}-`));
  expect(Object.keys(container.features)).toEqual([expect.stringMatching(/\/features\/python:\d+$/)]);
  expect(container.postCreateCommand).toBe("npm ci");
  const port = serveOptions().find((option) => option.envVar === "PORT");
  expect(container.forwardPorts).toEqual([port?.defaultValue]);
});

test("sets what the bundled example needs, so that a job without an entrypoint runs it", async () => {
  const { MDPS_ENTRYPOINT, PYTHONPATH, ...others } = container.remoteEnv;
  expect(others).toEqual({});
  expect(PYTHONPATH).toMatch(/^\$\{containerWorkspaceFolder\}\/src\/demo$/);
  const env = { MDPS_ENTRYPOINT, PYTHONPATH: PYTHONPATH.replace(/\$\{\w+\}/, home) };
  const server = await startServer({ env });
  const { body } = await send<Job>(server, "/jobs", { parameters: { pace_seconds: 0 } });
  expect(await ended(server, body.job_id)).toMatchObject({
    status: "completed",
    entrypoint: "crossover:backtest",
  });
});
