import { describe, expect, test } from "vitest";
import { isOwnHost } from "../../src/access/hosts.ts";
import { emptyConfig } from "../http/empty-app.ts";
import { exchangeOne, requestText } from "../http/raw.ts";
import { run, send, sharedServer } from "../support/server.ts";

const server = sharedServer();
const shared = sharedServer({
  env: {
    QUANT_RUNS_ALLOWED_HOSTS: "jobs.example.com,proxy.example.com:8443",
    QUANT_RUNS_CORS_ORIGINS: "https://desk.example.com",
  },
});

describe("the Host header", () => {
  const ofHost = (host: string, target = "/health") =>
    `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

  test.each([
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost:1",
    "127.0.0.1",
    "127.0.0.1:8000",
    "127.9.9.9",
    "[::1]",
    "[::1]:8000",
  ])("%s is this server's", async (host) =>
    expect((await exchangeOne(server(), ofHost(host))).status).toBe(200),
  );

  test.each([
    ...[
      "evil.example",
      "evil.example:8000",
      "localhost.evil.example",
      "evil-localhost",
      "127.0.0.1.evil.example",
    ],
    ...[
      "10.0.0.5",
      "0.0.0.0",
      "[::2]",
      "169.254.169.254",
      "jobs.example.com",
      "2130706433",
      "0x7f.1",
      "127.1",
    ],
  ])("%s is another server's", async (host) => {
    const answer = await exchangeOne(server(), ofHost(host));
    expect(answer.status).toBe(421);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.headers["x-request-id"]).toMatch(/^[\w-]{8,}$/);
  });

  test("counts in a target that is a whole URL, too", async () => {
    expect((await exchangeOne(server(), ofHost("localhost", "http://evil.example/health"))).status).toBe(421);
    expect(
      (await exchangeOne(server(), ofHost("localhost", "http://localhost@evil.example/health"))).status,
    ).toBe(400);
    expect((await exchangeOne(server(), ofHost("evil.example", "http://localhost/health"))).status).toBe(421);
    expect((await exchangeOne(server(), ofHost("localhost", "http://localhost/health"))).status).toBe(200);
  });

  test("is checked before the address", async () => {
    for (const target of ["/nothing", "/jobs/..", "/jobs/x/logs/stdout"]) {
      expect((await exchangeOne(server(), ofHost("evil.example", target))).status).toBe(421);
    }
  });

  test("may be one that was named, with its port where it was named with one", async () => {
    const status = async (host: string) => (await exchangeOne(shared(), ofHost(host))).status;
    expect(
      await Promise.all(["jobs.example.com", "JOBS.example.com:1", "proxy.example.com:8443"].map(status)),
    ).toEqual([200, 200, 200]);
    expect(
      await Promise.all(["proxy.example.com", "proxy.example.com:1", "x.jobs.example.com"].map(status)),
    ).toEqual([421, 421, 421]);
  });

  test("may be the address that is listened on, unless that is all of them", () => {
    expect(isOwnHost({ ...emptyConfig(), host: "10.0.0.5" }, "10.0.0.5:8000")).toBe(true);
    expect(isOwnHost({ ...emptyConfig(), host: "fe80::1" }, "[fe80::1]:8000")).toBe(true);
    expect(isOwnHost({ ...emptyConfig(), host: "0.0.0.0" }, "0.0.0.0:8000")).toBe(false);
    expect(isOwnHost({ ...emptyConfig(), host: "::" }, "[::]:8000")).toBe(false);
  });
});

const host = "127.0.0.1";
const own = `http://${host}`;

/** What browsers send for a request of a page, by where that page is from. */
const pages: { from: string; headers: string[]; isOwn: boolean }[] = [
  { from: "a program that is no browser", headers: [], isOwn: true },
  { from: "the address line", headers: ["Sec-Fetch-Site: none"], isOwn: true },
  { from: "a page of ours", headers: [`Origin: ${own}`, "Sec-Fetch-Site: same-origin"], isOwn: true },
  { from: "a page of ours, told by Origin alone", headers: [`Origin: ${own}`], isOwn: true },
  {
    from: "another origin",
    headers: ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site"],
    isOwn: false,
  },
  { from: "another origin, by Origin alone", headers: ["Origin: https://evil.example"], isOwn: false },
  { from: "another origin, by Sec-Fetch-Site alone", headers: ["Sec-Fetch-Site: cross-site"], isOwn: false },
  { from: "another port", headers: [`Origin: ${own}:3000`, "Sec-Fetch-Site: same-site"], isOwn: false },
  { from: "a subdomain", headers: ["Sec-Fetch-Site: same-site"], isOwn: false },
  { from: "a sandbox or a file", headers: ["Origin: null", "Sec-Fetch-Site: cross-site"], isOwn: false },
  { from: "an origin that is none", headers: ["Origin: nonsense"], isOwn: false },
  {
    from: "a page that says two things",
    headers: [`Origin: ${own}`, "Sec-Fetch-Site: cross-site"],
    isOwn: false,
  },
];

describe.each(pages)("from $from", ({ headers, isOwn }) => {
  const body = '{"entrypoint": "nonsense"}';
  const json = ["Content-Type: application/json", `Content-Length: ${body.length}`];

  test.each([
    ["POST /jobs", json, body, 400],
    ["POST /jobs/none/cancel", [], "", 404],
    ["PUT /jobs", [], "", 405],
    ["DELETE /jobs", [], "", 405],
    ["DELETE /jobs/none", [], "", 404],
    ["PUT /jobs/none/pin", [], "", 404],
    ["GET /jobs/none/logs/stdout", ["Accept: text/event-stream"], "", 404],
    ["GET /jobs/none/events", [], "", 404],
  ])(`%s is ${isOwn ? "answered" : "refused"}`, async (line, more, text, usual) => {
    const { status } = await exchangeOne(
      server(),
      requestText(line, [...headers, ...more, "Connection: close"], text),
    );
    expect(status).toBe(isOwn ? usual : 403);
  });

  test("reading is answered, and no page of another origin is told that it may see the answer", async () => {
    const answer = await exchangeOne(server(), requestText("GET /jobs", [...headers, "Connection: close"]));
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(answer.headers["cross-origin-resource-policy"]).toBe("same-origin");
  });
});

test("an origin that is none is no page of ours where a request of HTTP/1.0 names no host", async () => {
  const body = '{"entrypoint": "basic:succeeds"}';
  const head = ["POST /jobs HTTP/1.0", "Origin: null", "Content-Type: application/json"];
  const text = [...head, `Content-Length: ${body.length}`, "", body].join("\r\n");
  expect((await exchangeOne(server(), text)).status).toBe(403);
});

describe("an origin that was named", () => {
  const origin = "https://desk.example.com";
  const headers = { origin, "sec-fetch-site": "cross-site", "content-type": "application/json" };

  test("may submit, read and follow", async () => {
    const body = JSON.stringify({ entrypoint: "basic:succeeds" });
    const answer = await fetch(`${shared().url}/jobs`, { method: "POST", headers, body });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(answer.headers.get("access-control-expose-headers")).toContain("location");
    expect(answer.headers.get("vary")).toContain("Origin");
    const refused = await fetch(`${shared().url}/jobs`, { method: "POST", headers, body: "{" });
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([400, origin]);
  });

  test("is asked for by a browser in advance, and another is told nothing", async () => {
    const preflight = (from: string) =>
      fetch(`${shared().url}/jobs`, {
        method: "OPTIONS",
        headers: {
          origin: from,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type",
        },
      });
    const answer = await preflight(origin);
    expect(answer.status).toBe(204);
    expect(answer.headers.get("access-control-allow-headers")).toBe("authorization,content-type");
    expect(answer.headers.get("access-control-allow-methods")).toBe("GET,HEAD,POST,PUT,DELETE");
    const other = await preflight("https://evil.example");
    expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  });
});

describe("every answer", () => {
  test.each<[string, string, number]>([
    ["a job", "GET /jobs", 200],
    ["a page", "GET /docs", 200],
    ["an error", "GET /jobs/none", 404],
    ["no address", "GET /nothing", 404],
    ["a wrong method", "DELETE /jobs", 405],
    ["an address with dots", "GET /jobs/..", 404],
    ["an unknown method", "FROBNICATE /jobs", 405],
  ])("forbids frames, guesses and referrers: %s", async (_what, line, status) => {
    const answer = await exchangeOne(server(), requestText(line, ["Connection: close"]));
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "x-frame-options": "DENY",
      "x-request-id": expect.stringMatching(/^[\w-]{8,64}$/),
    });
    expect(answer.headers["content-security-policy"]).toMatch(
      /default-src '(none|self)'.*frame-ancestors 'none'/,
    );
  });

  test("has the request id of the client, if that is one", async () => {
    const idFor = async (id: string) =>
      (await exchangeOne(server(), requestText("GET /jobs", [`X-Request-Id: ${id}`, "Connection: close"])))
        .headers["x-request-id"];
    expect(await idFor("trace-42")).toBe("trace-42");
    for (const id of ["a b", "<script>", "x".repeat(65)]) expect(await idFor(id)).not.toBe(id);
  });

  test("a file that a job left runs no script as a page of ours", async () => {
    const { job_id } = await run(server(), "artifacts:leaves", {
      files: { "page.html": "<script>1</script>" },
    });
    const { body } = await send<{ files: { url: string }[] }>(server(), `/jobs/${job_id}/files`);
    const answer = await fetch(new URL(body.files[0]?.url ?? "", server().url));
    expect(answer.headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
  });
});
