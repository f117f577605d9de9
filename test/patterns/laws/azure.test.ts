import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fn } from "handback";
import { everyCrash, simulate } from "handback/testing";
import { describe, expect, test } from "vitest";
import { METERED, metersOf, tableIn, withTable } from "../../../scripts/support/meters-table.ts";
import { ROOT } from "../../support/source.ts";

const FOLDER = join(ROOT, "docs/patterns");
const page = readFileSync(join(FOLDER, "azure.md"), "utf8");

/** Returns the tests that a row of the page names, as file and name. */
function namedTests(row: string): readonly (readonly [file: string, name: string])[] {
  const cell = row.split(" | ").at(-1) ?? "";
  return [...cell.matchAll(/\]\(([^)]+\.test\.ts)\): ("[^"]+"(?:, "[^"]+")*)/g)].flatMap(
    ([, file = "", names = ""]) =>
      [...names.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => [file, name] as const),
  );
}

/** Returns true if a file has a test or a case with this name. */
function hasTest(file: string, name: string): boolean {
  const path = join(FOLDER, file);
  if (!existsSync(path)) return false;
  const before = readFileSync(path, "utf8").split(`"${name}"`).slice(0, -1);
  return before.some((text) => /(?:test|law|describe|\))\(\s*$/.test(text));
}

const rows = page
  .split("\n")
  .filter(
    (line) => line.startsWith("| ") && !line.startsWith("| |") && line.split(" | ").length === 4,
  );

describe("the comparison with Durable Functions", () => {
  test("has a row for each of the six patterns and the related features", () => {
    expect(rows.length).toBeGreaterThanOrEqual(16);
  });

  test.each(rows.map((row) => [row.split(" | ")[0]?.replace(/^\| \[?|\].*/g, ""), row] as const))(
    "names tests that exist: %s",
    (_, row) => {
      const named = namedTests(row);
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter(([file, name]) => !hasTest(file, name))).toEqual([]);
    },
  );

  test("has links to files that exist", () => {
    const links = [...page.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link = ""]) => link);
    expect(
      links.filter((link) => !link.startsWith("https://") && !existsSync(join(FOLDER, link))),
    ).toEqual([]);
  });

  test("does not take any text for the name of a test", () => {
    expect(
      hasTest("../../test/patterns/laws/azure.test.ts", "the comparison with Durable Functions"),
    ).toBe(true);
    expect(hasTest("../../test/patterns/laws/azure.test.ts", "the comparison")).toBe(false);
    expect(hasTest("../../test/patterns/none.test.ts", "the comparison")).toBe(false);
  });
});

describe("differences from Durable Functions", () => {
  const step = fn("azure/step", (ctx, n: number) => ctx.onComplete(ctx.sleep("1h"), rested, n + 1));
  const rested = fn("azure/rested", (_, { args }: { result: void; args: number }) => args);

  test("a handler runs once, however many steps follow it", async () => {
    let runs = 0;
    const flow = fn("azure/flow", (ctx, n: number) => {
      runs++;
      let future = ctx.invoke(step, n);
      for (let more = 1; more < 20; more++) future = ctx.invoke(step, future);
      return future;
    });
    const run = await simulate({ functions: [flow, step, rested] }, (t) => t.client.call(flow, 0));
    expect([run.result, runs]).toEqual([20, 1]);
  });

  test("a handler may act differently in each run, and its flow stays consistent", async () => {
    let drawn = 0;
    const draw = fn("azure/draw", (ctx, _: void) => {
      const lot = ++drawn;
      return ctx.onComplete(
        lot % 2 === 0
          ? ctx.invoke(step, lot)
          : ctx.invoke(rested, { result: undefined, args: lot + 1 }),
        compare,
        lot,
      );
    });
    const compare = fn(
      "azure/compare",
      (_, { result, args }: { result: number; args: number }) => result === args + 1,
    );
    const { run } = await everyCrash({ functions: [draw, step, rested, compare] }, (t) =>
      t.client.call(draw),
    );
    expect(run.result).toBe(true);
    expect(drawn).toBeGreaterThan(1);
  });
});

describe("the table of meters", () => {
  const table = tableIn(page);

  test("has a row for each example, and only the naive version is billed for waiting", () => {
    expect(table.map(({ name }) => name)).toEqual([...METERED.keys()]);
    for (const { split, naive } of table) {
      expect(split).toMatchObject({ waitingMs: 0, beta: 1 });
      expect(naive.waitingMs).toBeGreaterThan(0);
      expect(naive.beta).toBeGreaterThan(1);
    }
  });

  test("is read as it was written, and rejects output without meters", () => {
    const printed = [
      "split: billed 5 ms, waiting 0 ms, beta 1.000",
      "naive: billed 15 ms, waiting 10 ms, beta 3.000",
    ];
    const meters = [metersOf("order-checkout", printed)];
    expect(tableIn(withTable(page, meters))).toEqual(meters);
    expect(withTable(page, table)).toBe(page);
    expect(() => metersOf("order-checkout", printed.slice(1))).toThrow(
      "order-checkout does not print its split meter",
    );
    expect(() => withTable("", meters)).toThrow("expected");
  });
});
