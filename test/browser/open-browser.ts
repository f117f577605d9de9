import { inspector } from "handback/inspector";
import type { InspectorOptions } from "handback/inspector";
import { serveHttp } from "handback/http";
import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { openShop } from "../inspector/sample-shop.ts";
import type { Shop } from "../inspector/sample-shop.ts";

/** A desk and a phone. */
export const SIZES = {
  desk: { width: 1280, height: 800 },
  phone: { width: 390, height: 844 },
} as const;

/** A page of a browser, on the inspector of the sample shop. */
export interface OpenPage extends Shop {
  readonly page: Page;
  readonly url: string;
}

let browser: Browser;

/** Starts one browser for the tests of a file. */
export function useBrowser(): void {
  beforeAll(async () => {
    const path = process.env["CHROMIUM"];
    if (path === undefined) throw new Error("CHROMIUM names no browser; see npm run test:browser");
    // In a container of tests, the user is often root, for whom Chromium has no sandbox.
    browser = await chromium.launch({ executablePath: path, args: ["--no-sandbox"] });
  });
  afterAll(() => browser.close());
}

/** Serves the inspector of the sample shop, and opens a page of it. */
export async function openPage(
  options: BrowserContextOptions = {},
  inspectorOptions: Partial<InspectorOptions> = {},
): Promise<OpenPage> {
  const shop = await openShop();
  const { engine, functions, clock } = shop;
  const app = inspector({ engine, functions, clock, ...inspectorOptions });
  const server = await serveHttp({
    fetch: (request, env) => clock.until(Promise.resolve(app.fetch(request, env))),
  });
  onTestFinished(() => server.close());
  const page = await newPage(options);
  await page.goto(server.url);
  return { ...shop, page, url: server.url };
}

/** Opens an empty page, which must not break its own policy of content until the test has ended. */
export async function newPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: SIZES.desk, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => {
    if (/Content Security Policy|violates/i.test(line.text())) faults.push(line.text());
  });
  onTestFinished(() => expect(faults).toEqual([]));
  return page;
}
