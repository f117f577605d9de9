import { embedded, fn, memory } from "handback";
import { inspector } from "handback/inspector";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { html } from "hono/html";
import { valueText } from "../../src/inspector/text/value-text.ts";
import { ageText, dateText, spanText } from "../../src/inspector/text/time-words.ts";
import { openInspector } from "./open-inspector.ts";

describe("the page of flows", () => {
  test("lists flows with their statuses, and counts them by status", async () => {
    const { visit } = await openInspector();
    const { status, text } = await visit("/");
    expect(status).toBe(200);
    for (const key of ["order-1", "order-2", "refund-1", "news-1", "sale-1"])
      expect(text).toContain(`href="/flows/${key}"`);
    expect(text).toMatch(/failed <span>1<\/span>/);
    expect(text).toMatch(/paused <span>1<\/span>/);
  });

  test.each([
    ["/?status=paused", ["refund-1"]],
    ["/?function=shop/checkout", ["order-2", "order-1"]],
    ["/?key=news-", ["news-2", "news-1"]],
    ["/?attribute=customer%3Dc-6", ["order-1"]],
    ["/?attribute=express%3Dfalse", ["order-2"]],
    ["/?since=hour", []],
    ["/?status=failed&key=order", []],
  ])("filters: %s", async (path, keys) => {
    const { visit } = await openInspector();
    const { text } = await visit(path);
    expect(
      [...text.matchAll(/<td class="key"><a href="\/flows\/([^"]+)"/g)].map(([, key]) => key),
    ).toEqual(keys);
  });

  test.each([
    ["/?status=waiting", "status: expected pending"],
    ["/?since=year", "since: expected hour"],
    ["/?attribute=customer", "attribute: expected name=value"],
    ["/?since=day&after=soon", "startedAfter"],
    ["/?cursor=1.0", "cursor: expected one of this list"],
    ["/?function=shop", "shop"],
  ])("refuses %s with a page", async (path, words) => {
    const { visit } = await openInspector();
    const { status, text } = await visit(path);
    expect(status).toBe(400);
    expect(text).toContain(words);
    expect(text).toContain("Back to the flows");
  });

  test("goes on page by page, and every flow is on one of them", async () => {
    const engine = await embedded({ functions: [], store: memory() });
    const noop = fn("t/noop", () => undefined);
    await engine.register(noop);
    onTestFinished(() => engine.close());
    for (let at = 0; at < 120; at++) await engine.client.call(noop, undefined, { key: `f-${at}` });
    const app = inspector({ engine });
    const seen: string[] = [];
    let path: string | undefined = "/?since=day";
    while (path !== undefined) {
      const text = await (await app.fetch(new Request(`http://localhost${path}`))).text();
      seen.push(
        ...[...text.matchAll(/class="key"><a href="\/flows\/([^"]+)"/g)].map(
          ([, key]) => key ?? "",
        ),
      );
      path = /rel="next" href="([^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(seen).toEqual(Array.from({ length: 120 }, (_, at) => `f-${119 - at}`));
  });
});

describe("the page of a flow", () => {
  test("shows its bill, its waterfall, its result and its attributes", async () => {
    const { visit } = await openInspector();
    const { text } = await visit("/flows/order-1");
    expect(text).toContain("11 runs of 8 functions");
    expect(text).toContain('<div class="figure">1.21</div>');
    expect(text).toContain("attempt 2");
    expect(text).toContain('class="fold"');
    expect(text).toContain("customer=c-6");
    expect(text).toContain("&quot;paid&quot;: 42");
    expect(text).not.toContain("/flows/order-1/cancel");
  });

  test("of a pending flow shows who waits for what, and its actions", async () => {
    const { visit } = await openInspector();
    const { text } = await visit("/flows/order-2");
    expect(text).toContain("shop/approve.conclude");
    expect(text).toContain("/flows/order-2/cancel");
    expect(text).toContain("data-live=");
  });

  test("of a paused flow shows the failure, and offers to run the call again", async () => {
    const { visit } = await openInspector();
    const { text } = await visit("/flows/refund-1");
    expect(text).toContain("&lt;b&gt;250&lt;/b&gt; cents are too many");
    expect(text).toContain("Run it again");
  });

  test("shows the items of a channel", async () => {
    const { visit } = await openInspector();
    const { text } = await visit("/flows/news-1?stream=words");
    expect(text).toContain("all\nis\nwell\n");
  });

  test("says how to turn the history on if it is off", async () => {
    const { visit } = await openInspector({}, { history: false });
    const { status, text } = await visit("/flows/order-1");
    expect(status).toBe(200);
    expect(text).toContain("<code>history: true</code>");
  });

  test("of an unknown flow is a page with 404", async () => {
    const { visit } = await openInspector();
    expect((await visit("/flows/none")).status).toBe(404);
    expect((await visit("/elsewhere")).status).toBe(404);
  });
});

test("the page of the engine shows its figures, and without them the others", async () => {
  const { visit, engine } = await openInspector();
  expect((await visit("/engine")).text).toMatch(/handler slots in use[^]*0 of 64/);
  const { visit: visitClient } = await openInspector({ engine: { client: engine.client } });
  const { status, text } = await visitClient("/engine");
  expect(status).toBe(200);
  expect(text).not.toContain("handler slots");
});

describe("every page", () => {
  const PATHS = ["/", "/flows/order-1", "/flows/order-2", "/flows/refund-1/resume", "/flows/none"];

  test.each(PATHS)("loads nothing from elsewhere, and has nothing inline: %s", async (path) => {
    const { visit } = await openInspector();
    const { text, headers } = await visit(path);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(text).not.toMatch(/ style=|<style| on\w+="|javascript:|https?:\/\/(?!www\.w3\.org)/);
    expect(text.match(/<script/g)).toHaveLength(1);
  });

  test("escapes keys, functions, attributes, results and messages", async () => {
    const nasty = `"><script>alert(1)</script><svg onload='x'>&`;
    const echo = fn("t/echo", (ctx, text: string) => {
      ctx.setAttributes({ nasty: text.slice(0, 60) });
      ctx.setStatus({ text });
      if (text.startsWith("!")) throw new Error(text);
      return { [text]: text };
    });
    const engine = await embedded({
      functions: [echo],
      store: memory(),
      history: true,
      log: { debug() {}, info() {}, warn() {}, error() {} },
    });
    onTestFinished(() => engine.close());
    await engine.client.call(echo, nasty, { key: nasty });
    await engine.client.call(echo, `!${nasty}`, { key: `!${nasty}` }).catch(() => undefined);
    const app = inspector({ engine });
    const asked = encodeURIComponent(nasty);
    for (const path of [
      "/",
      `/flows/${asked}`,
      `/flows/!${asked}`,
      `/?key=${asked}`,
      `/?status=${asked}`,
      `/flows/${asked}/cancel`,
      `/flows/${asked}?stream=a&done=${asked}`,
    ]) {
      const text = await (await app.fetch(new Request(`http://localhost${path}`))).text();
      expect(text).not.toMatch(/<script>|<svg onload|alert\(1\)<\/script>/);
    }
    const { status } = await app.fetch(new Request(`http://localhost/flows/${asked}`));
    expect(status).toBe(200);
  });

  test("gives the addresses under which it is mounted", async () => {
    const { visit } = await openInspector({ basePath: "/ops" });
    const { text } = await visit("/flows/order-2");
    expect(
      [...text.matchAll(/(?:href|action|src|data-live)="(\/[^"]*)"/g)].filter(
        ([, to]) => !to?.startsWith("/ops"),
      ),
    ).toEqual([]);
  });
});

describe("texts for people", () => {
  test.each([
    [0, "0 ms"],
    [0.004, "<0.01 ms"],
    [0.42, "0.42 ms"],
    [12, "12 ms"],
    [999.4, "999 ms"],
    [999.6, "1.00 s"],
    [1_500, "1.50 s"],
    [59_999, "60.0 s"],
    [61_000, "1 min 1 s"],
    [187_200_000, "2 d 4 h"],
  ])("writes %d ms as %s", (ms, text) => expect(spanText(ms)).toBe(text));

  test("writes ages and dates, also of odd instants", () => {
    expect([ageText(0, 500), ageText(0, 4_000), ageText(9_000, 0)]).toEqual([
      "just now",
      "4 s ago",
      "in 9.00 s",
    ]);
    expect([dateText(0), dateText(Number.NaN), dateText(9e15)]).toEqual([
      "1 Jan 1970, 00:00:00",
      "(no time)",
      "(no time)",
    ]);
  });

  test("writes any value, bounded, and a page never breaks out of it", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
        async (value) => {
          expect(valueText(value).length).toBeLessThanOrEqual(20_000);
          const page: unknown = await html`<pre>${valueText(value)}</pre>`;
          expect(String(page)).toMatch(/^<pre>[^<>]*<\/pre>$/);
        },
      ),
    );
    expect(valueText("x".repeat(50_000))).toHaveLength(20_000);
  });
});
