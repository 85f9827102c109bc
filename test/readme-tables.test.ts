import { access, readdir } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, test } from "vitest";
import { serveOptions } from "../src/config.ts";
import { largestBody } from "../src/http/body.ts";
import { bare, codeIn, prose, table } from "./support/readme.ts";
import { home, run, send, sharedServer, startServer, temporaryFolder } from "./support/server.ts";

const server = sharedServer();

test("the configuration is what serveOptions() says, row by row", () => {
  const rows = table("environment", "flag", "default", "meaning");
  expect(rows.map((row) => row.slice(0, 3).map(bare))).toEqual(
    serveOptions().map(({ envVar, flags, defaultValue, defaultValueDescription }) => [
      envVar,
      flags,
      String(defaultValueDescription ?? defaultValue ?? "none"),
    ]),
  );
  for (const [index, { description, argChoices }] of serveOptions().entries()) {
    expect(rows[index]?.[3]).toMatch(new RegExp(`^${description}(;|:|$)`));
    if (argChoices) expect(rows[index]?.[3]).toContain(argChoices.join(", "));
  }
});

test("the addresses are those that the server lists, and the largest body is what it says", async () => {
  const rows = table("request", "answer");
  const named = rows.flatMap(([request]) =>
    codeIn(String(request)).map((text) => String(text.split("?")[0])),
  );
  const { endpoints } = (await send<{ endpoints: Record<string, string> }>(server(), "/")).body;
  expect(named.toSorted()).toEqual([...Object.keys(endpoints), "GET /", "GET /openapi.json"].toSorted());
  for (const address of named.filter((address) => !address.includes("{") && address.startsWith("GET "))) {
    expect((await send(server(), address.slice(4))).status).toBe(200);
  }
  expect(rows[0]?.[1]).toContain(`${largestBody / 1024 / 1024} MiB`);
});

test("the folder map has every folder of src", async () => {
  const entries = await readdir(join(home, "src"), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => `src/${entry.name}`);
  expect(
    table("folder", "what is in it")
      .map(([name]) => bare(name))
      .toSorted(),
  ).toEqual(folders.toSorted());
});

test("every path and link is there", async () => {
  const paths = codeIn(prose).filter((text) => /^(src|bin|test|\.ci|\.devcontainer)(\/|$)/.test(text));
  const links = [...prose.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map((found) => String(found[1]));
  expect(Math.min(paths.length, links.length)).toBeGreaterThan(0);
  for (const path of [...paths, ...links]) await access(join(home, path));
});

describe("troubleshooting", () => {
  const messages = table("what you see", "why, and what to do").flatMap(([seen]) => codeIn(String(seen)));
  const start = (args: string[]) =>
    execa(join(home, "bin", "quant-runs"), ["serve", ...args], {
      reject: false,
      env: { QUANT_RUNS_DIR: server().runsDir },
    });

  test("quotes what a port in use looks like", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as { port: number };
    const { stderr, exitCode } = await start(["--host", "127.0.0.1", "--port", String(port)]);
    holder.close();
    expect(exitCode).toBe(1);
    expect(stderr.replace(String(port), "8000")).toContain(String(messages[0]));
  });

  test("quotes what a missing interpreter looks like", async () => {
    const { stderr, exitCode } = await start(["--port", "0", "--python", "python4"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(String(messages[1]));
  });

  test("quotes what a missing module looks like", async () => {
    const elsewhere = await startServer({ cwd: await temporaryFolder() });
    expect((await run(elsewhere, "run_mdps:main")).error).toBe(messages[2]);
  });
});
