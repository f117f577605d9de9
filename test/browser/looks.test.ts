import axe from "axe-core";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openPage, SIZES, useBrowser } from "./open-browser.ts";

useBrowser();

const PAGES = {
  flows: "/",
  "filtered-flows": "/?status=paused",
  "completed-flow": "/flows/order-1",
  "pending-flow": "/flows/order-2",
  "paused-flow": "/flows/refund-1",
  "failed-flow": "/flows/sale-1",
  stream: "/flows/news-1?stream=words",
  question: "/flows/order-2/cancel",
  functions: "/functions",
  states: "/states?function=shop/cart",
  state: "/states/shop/cart/cart-1",
  approvals: "/approvals",
  "dead-letters": "/dead-letters",
  engine: "/engine",
  "bad-filter": "/?status=odd",
  missing: "/flows/none",
} as const;

const PICTURES = process.env["PICTURES"];

test.each(
  (["light", "dark"] as const).flatMap((colorScheme) =>
    (["desk", "phone"] as const).map((size) => ({ colorScheme, size })),
  ),
)("every page is accessible and fits: $colorScheme, $size", async ({ colorScheme, size }) => {
  const { page, url } = await openPage({ colorScheme, viewport: SIZES[size] });
  for (const [name, path] of Object.entries(PAGES)) {
    await page.goto(url + path);
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect([name, width]).toEqual([name, SIZES[size].width]);
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<axe.AxeResults>("axe.run(document)");
    const serious = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => [name, id, nodes.map(({ html }) => html.slice(0, 120))]);
    expect(serious).toEqual([]);
    if (PICTURES === undefined) continue;
    mkdirSync(PICTURES, { recursive: true });
    await page.screenshot({
      path: join(PICTURES, `${name}-${size}-${colorScheme}.png`),
      fullPage: true,
    });
  }
});
