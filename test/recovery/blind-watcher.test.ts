import { expect, test } from "vitest";
import { inNamespaces } from "../support/namespaces.ts";
import { run, send, startServer, waitFor } from "../support/server.ts";

test.each([
  ["no inotify instance", "max_inotify_instances"],
  ["no inotify watch", "max_inotify_watches"],
])(
  "with %s left, every job ends as it should, and the server says once that it is blind",
  async (_what, limit) => {
    const command = inNamespaces(["--user", "--map-root-user"], `echo 0 > /proc/sys/user/${limit}`);
    const server = await startServer({ command });
    await waitFor(async () =>
      expect((await send(server, "/health")).body).toMatchObject({ status: "healthy", watcher: "blind" }),
    );
    for (const entrypoint of ["basic:succeeds", "endings:raises", "stubborn:leaves_strays"]) {
      expect((await run(server, entrypoint)).status).toBe(
        entrypoint === "endings:raises" ? "failed" : "completed",
      );
    }
    const told = server.log.filter((line) => line.includes("the watcher is blind"));
    expect(told).toHaveLength(1);
  },
);

test("a server that sees says so", async () => {
  const server = await startServer();
  expect((await send(server, "/health")).body.watcher).toBe("watching");
});
