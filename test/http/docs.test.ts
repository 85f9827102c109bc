import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { ended, sharedServer } from "../support/server.ts";
import { chromiumPath, hostName, type Misdeeds, sharedBrowser, watchPage } from "./browser.ts";
import { describedBy, operationsOf } from "./description.ts";

const pages = ["/docs", "/redoc"];

test.runIf(process.env.CI)("a run that decides something has a browser to look with", () => {
  expect(chromiumPath).toBeDefined();
});

describe.skipIf(chromiumPath === undefined)("in a browser (skipped where no Chromium is installed)", () => {
  const server = sharedServer({ env: { QUANT_RUNS_ALLOWED_HOSTS: hostName } });
  const browser = sharedBrowser();

  async function open(path: string): Promise<{ page: Page; misdeeds: Misdeeds }> {
    const origin = server().url.replace("127.0.0.1", hostName);
    const page = await browser().newPage();
    const misdeeds = await watchPage(page, origin);
    await page.goto(origin + path);
    return { page, misdeeds };
  }

  test("Swagger UI shows every operation", async () => {
    const { page, misdeeds } = await open("/docs");
    for (const { path, operation } of operationsOf(await describedBy(server()))) {
      const { operationId, summary } = operation;
      const block = page.locator(`[id$="-${operationId}"]`);
      await block.getByText(summary).waitFor();
      expect(await block.locator("[data-path]").getAttribute("data-path")).toBe(path);
    }
    expect(misdeeds).toEqual({ outside: [], complaints: [] });
  });

  test("Swagger UI shows the schemas", async () => {
    const { page, misdeeds } = await open("/docs");
    await page.locator("section.models").getByText("JobRequest", { exact: true }).first().waitFor();
    expect(misdeeds).toEqual({ outside: [], complaints: [] });
  });

  test("'try it out' submits a job that runs", async () => {
    const { page, misdeeds } = await open("/docs");
    const block = page.locator('[id$="-createJob"]');
    await block.locator("button.opblock-summary-control").click();
    await block.getByRole("button", { name: "Try it out" }).click();
    await block
      .locator("textarea.body-param__text")
      .fill('{"entrypoint": "basic:succeeds", "parameters": {"from": "the browser"}}');
    const answer = page.waitForResponse((response) => response.request().method() === "POST");
    await block.getByRole("button", { name: "Execute" }).click();
    const { job_id } = await (await answer).json();
    await block.locator(".live-responses-table .response-col_status", { hasText: "201" }).waitFor();
    const job = await ended(server(), job_id);
    expect(job).toMatchObject({ status: "completed", result: { result: { from: "the browser" } } });
    expect(misdeeds).toEqual({ outside: [], complaints: [] });
  });

  test("ReDoc shows every operation", async () => {
    const { page, misdeeds } = await open("/redoc");
    for (const { path, operation } of operationsOf(await describedBy(server()))) {
      const { operationId, summary } = operation;
      const section = page.locator(`[id="operation/${operationId}"]`);
      await section.getByRole("heading", { name: summary }).waitFor();
      await section.getByText(path, { exact: true }).first().waitFor();
    }
    expect(misdeeds).toEqual({ outside: [], complaints: [] });
  });

  test("ReDoc finds an operation by a word", async () => {
    const { page, misdeeds } = await open("/redoc");
    await page.getByPlaceholder("Search").fill("newest");
    await page.locator('[role="search"] [role="menuitem"]', { hasText: "List jobs" }).first().waitFor();
    expect(misdeeds).toEqual({ outside: [], complaints: [] });
  });

  test.each(pages)("%s forbids the browser every other address", async (path) => {
    const { page, misdeeds } = await open(path);
    const fetched = await page.evaluate(() =>
      fetch("http://elsewhere.test/").then(
        () => "fetched",
        (error: Error) => error.message,
      ),
    );
    expect(fetched).toBe("Failed to fetch");
    expect(misdeeds.outside).toEqual([]);
    expect(misdeeds.complaints.join()).toContain("Content Security Policy");
  });
});
