import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { METERED } from "../../scripts/support/meters-table.ts";
import { ROOT } from "../support/source.ts";

const folder = join(ROOT, "examples");
const names = readdirSync(folder).flatMap((each) =>
  each.endsWith(".ts") ? [each.slice(0, -".ts".length)] : [],
);
const tests = readdirSync(join(ROOT, "test/examples")).map((file) =>
  readFileSync(join(ROOT, "test/examples", file), "utf8"),
);
const table = readFileSync(join(folder, "README.md"), "utf8");

describe.each(names)("the example %s", (name) => {
  const text = readFileSync(join(folder, `${name}.ts`), "utf8");

  test("states its purpose in its first lines", () => {
    expect(text).toMatch(/^\/\*\*\n \* Shows an? |^\/\*\*\n \* Shows flows over HTTP: /);
  });

  test("has 40 to 140 lines", () => {
    const lines = text.trimEnd().split("\n").length;
    expect([lines >= 40, lines <= 140]).toEqual([true, true]);
  });

  test("can be copied: it imports only the library, by its name, and modules of Node", () => {
    const imported = [...text.matchAll(/^(?:import|\}) .*?from "([^"]+)";$/gm)].map(
      ([, from]) => from,
    );
    expect(imported).toContain("handback");
    expect(imported.filter((from) => !/^(handback(\/\w+)?|node:[\w/]+)$/.test(from ?? ""))).toEqual(
      [],
    );
  });

  test("is listed in both tables, examples and meters, and is run by one test", () => {
    expect(table).toContain(`\n| [${name}](${name}.ts) |`);
    expect(METERED.has(name)).toBe(true);
    expect(
      tests.filter((each) => each.includes(`import("../../examples/${name}.ts")`)),
    ).toHaveLength(1);
  });
});
