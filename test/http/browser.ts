import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

const candidates = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of an installed Chromium, if there is one. */
export const chromiumPath = candidates.find((path) => existsSync(path));

/** The server's name in the browser: pages that spare `localhost` an outside request show it here. */
export const hostName = "quant-runs.test";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--host-resolver-rules=MAP ${hostName} 127.0.0.1`,
];

/** One browser for all tests of a file, where one is installed; called outside of any test, it returns how to get at it. */
export function sharedBrowser(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (chromiumPath === undefined) return;
    browser = await chromium.launch({ executablePath: chromiumPath, args: flags });
  });
  afterAll(async () => browser?.close());
  return () => {
    if (browser === undefined) throw new Error("the browser is started before the tests, not yet here");
    return browser;
  };
}

/** What a page did that it should not: requests to other addresses, messages of the console, uncaught errors. */
export interface Misdeeds {
  readonly outside: string[];
  readonly complaints: string[];
}

/** Records what a page does from now on, and lets no request out. */
export async function watchPage(page: Page, origin: string): Promise<Misdeeds> {
  const misdeeds: Misdeeds = { outside: [], complaints: [] };
  page.on("pageerror", (error) => misdeeds.complaints.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) misdeeds.complaints.push(message.text());
  });
  page.on("requestfailed", (request) => misdeeds.complaints.push(`failed: ${request.url()}`));
  await page.route(
    (url) => url.protocol.startsWith("http") && url.origin !== origin,
    (route) => {
      misdeeds.outside.push(route.request().url());
      return route.abort();
    },
  );
  return misdeeds;
}
