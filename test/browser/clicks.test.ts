import { expect, test } from "vitest";
import { openPage, SIZES, useBrowser } from "./open-browser.ts";

useBrowser();

const PLAIN = { javaScriptEnabled: false };

test.each([
  ["with its script", {}],
  ["without a script", PLAIN],
])("a person finds a paused flow and runs its call again, %s", async (_, options) => {
  const { page } = await openPage(options);
  await page.getByRole("link", { name: /^paused/ }).click();
  await page.getByRole("link", { name: "refund-1" }).click();
  expect(await page.getByText("cents are too many").count()).toBeGreaterThan(0);
  await page.getByRole("link", { name: "Run it again" }).click();
  await page.getByRole("button", { name: "Run the call again" }).click();
  expect(await page.getByRole("status").textContent()).toBe("The flow goes on.");
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("refund-1");
});

test("a person filters flows with the keyboard, and goes back to all", async () => {
  const { page } = await openPage();
  await page.getByLabel("Function").focus();
  await page.keyboard.type("shop/checkout");
  await page.keyboard.press("Enter");
  await page.waitForURL(/function=shop/);
  expect(await page.locator("td.key").allTextContents()).toEqual(["order-2", "order-1"]);
  await page.getByRole("link", { name: "Flows", exact: true }).click();
  expect(await page.locator("td.key").count()).toBeGreaterThan(8);
});

test("the first stop of the keyboard leads to the contents", async () => {
  const { page } = await openPage();
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the contents");
});

test("a waterfall fits a desk and a phone, and its table opens", async () => {
  const { page, url } = await openPage();
  await page.goto(`${url}/flows/order-1`);
  expect(await page.locator("svg.waterfall.wide").isVisible()).toBe(true);
  expect(await page.locator("svg.waterfall.narrow").isVisible()).toBe(false);
  await page.getByText("Runs as a table").click();
  expect(
    await page.getByRole("cell", { name: "failed, retries (FUNCTION_FAILED)" }).isVisible(),
  ).toBe(true);
  await page.setViewportSize(SIZES.phone);
  expect(await page.locator("svg.waterfall.narrow").isVisible()).toBe(true);
});

test("a person cancels a flow, and can turn back before", async () => {
  const { page, engine, clock, url } = await openPage();
  await page.goto(`${url}/flows/order-2`);
  await page.getByRole("link", { name: "Cancel" }).click();
  await page.getByRole("link", { name: "Back", exact: true }).click();
  expect((await clock.until(engine.client.status("order-2"))).status).toBe("pending");
  await page.getByRole("link", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Cancel the flow" }).click();
  expect(await page.locator("h1 + .pill").textContent()).toBe("canceled");
});

test("a page changes by itself when its flow goes on", async () => {
  const { page, engine, clock, url } = await openPage();
  await page.goto(`${url}/flows/news-1`);
  expect(await page.locator("h1 + .pill").textContent()).toBe("pending");
  await clock.until(engine.client.signal("news-1", "heard", "yes"));
  await page.locator("h1 + .pill.completed").waitFor();
});

test("a person pauses a function and resumes it", async () => {
  const { page } = await openPage();
  await page.getByRole("link", { name: "Functions" }).click();
  await page.getByRole("link", { name: "Pause shop/charge" }).click();
  await page.getByRole("button", { name: "Pause the function" }).click();
  expect(await page.getByRole("status").textContent()).toBe("The function is paused.");
  await page.getByRole("link", { name: "Resume shop/charge" }).click();
  await page.getByRole("button", { name: "Resume the function" }).click();
  expect(await page.getByRole("status").textContent()).toBe("The function goes on.");
});

test("a person looks at the values of a state", async () => {
  const { page } = await openPage();
  await page.getByRole("link", { name: "States" }).click();
  await page.getByLabel("Function").selectOption("shop/cart");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByRole("link", { name: "cart-2" }).click();
  expect(await page.locator("pre").textContent()).toContain('"tea"');
});

test("a person sees who has to decide", async () => {
  const { page } = await openPage();
  await page.getByRole("link", { name: "Approvals" }).click();
  expect(await page.locator("main").textContent()).toMatch(/order-2[^]*ada, bob, cy/);
  expect(await page.locator("main").textContent()).not.toContain("order-1");
});

test("a person redrives one dead letter and discards the next", async () => {
  const { page } = await openPage();
  await page.getByRole("link", { name: "Dead letters" }).click();
  await page.getByRole("link", { name: /^Redrive/ }).click();
  await page.getByRole("button", { name: "Send it again" }).click();
  expect(await page.getByRole("status").textContent()).toBe("The message is sent again.");
  // It fails again, and is a letter again.
  await page.reload();
  await page.getByRole("link", { name: /^Discard/ }).click();
  await page.getByRole("button", { name: "Throw it away" }).click();
  expect(await page.getByText("There are none.").isVisible()).toBe(true);
});

test("a person sees how the engine is", async () => {
  const { page } = await openPage();
  await page.getByRole("link", { name: "Engine" }).click();
  expect(await page.getByRole("row", { name: /^paused/ }).textContent()).toMatch(/1\s*$/);
  await page.getByRole("link", { name: "failed" }).click();
  expect(await page.locator("td.key").allTextContents()).toEqual(["sale-1"]);
});
