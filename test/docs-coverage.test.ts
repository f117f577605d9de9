import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as handback from "handback";
import { describe, expect, test } from "vitest";
import { membersOf } from "./support/interface-members.ts";
import { invariantFaults, listedInvariants, statedInvariants } from "./support/invariants.ts";
import { readFiles, ROOT, type Files } from "./support/source.ts";

const pages = readFiles("docs", ".md");

describe("the pages under docs", () => {
  test.each(["HandlerEnvironment", "QueryContext", "Context"])(
    "name each member of %s",
    (interfaceName) => {
      const members = membersOf("src/futures/types/context.ts", interfaceName);
      expect(members).not.toEqual([]);
      expect(unnamed(members, (name) => [`ctx.${name}`], codeOf(pages))).toEqual([]);
    },
  );

  test("name each public method of Client", async () => {
    const engine = await handback.embedded({ functions: [], store: handback.memory() });
    const prototype: object = Object.getPrototypeOf(engine.client) as object;
    await engine.close();
    const methods = Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor");
    expect(methods).toContain("start");
    expect(unnamed(methods, (name) => [`client.${name}`], codeOf(pages))).toEqual([]);
  });

  test("name each member of an engine", () => {
    const members = membersOf("src/embedded.ts", "Embedded");
    expect(members).toContain("close");
    expect(unnamed(members, (name) => [`engine.${name}`], codeOf(pages))).toEqual([]);
  });

  test.each([
    ["InvokeOptions", "src/futures/types/context.ts"],
    ["SendOptions", "src/futures/types/context.ts"],
    ["WaitOptions", "src/futures/types/context.ts"],
    ["RetryPolicy", "src/futures/types/define.ts"],
    ["HandlingOptions", "src/futures/types/define.ts"],
    ["FunctionOptions", "src/futures/types/define.ts"],
    ["StatefulDefinition", "src/futures/types/define.ts"],
    ["StatefulOptions", "src/futures/types/define.ts"],
    ["ValueOptions", "src/core/state/value.ts"],
    ["EmbeddedOptions", "src/embedded.ts"],
  ])("name each option of %s", (interfaceName, path) => {
    const options = membersOf(path, interfaceName);
    expect(options).not.toEqual([]);
    expect(unnamed(options, optionForms, codeOf(pages))).toEqual([]);
  });

  test("import each value that the package exports in an example", () => {
    const exported = Object.keys(handback);
    expect(exported).toContain("stateful");
    const imported = importsOf(pages);
    expect(exported.filter((name) => !imported.has(name))).toEqual([]);
  });
});

describe("the table of invariants", () => {
  test("lists each invariant that a comment states, with its file", () => {
    const page = readFileSync(join(ROOT, "ARCHITECTURE.md"), "utf8");
    const stated = statedInvariants(readFiles("src", ".ts"));
    expect(stated.length).toBeGreaterThan(100);
    expect(invariantFaults(stated, listedInvariants(page))).toEqual([]);
  });

  test.each([
    [" * X1 Holds.\n * X2 Too.", "| X1 | `a.ts` |", "X2 of src/a.ts is not listed"],
    [" * X1 Holds.", "| X1-X2 | `a.ts` |", "X2 is not stated in a.ts"],
    [" * X1 Holds.", "| X1 | `b.ts` |", "X1 is not stated in b.ts"],
    [" * X1 Holds.", "| X1 | `a.ts` |\n| X1, Y1 | `b.ts` |", "X1 is also listed for b.ts"],
    [" * - X1: holds.\n * - X1: holds.", "| X1 | `a.ts` |", "X1 is also stated in src/a.ts"],
  ])("differs from %j if it is %j", (source, page, fault) => {
    const stated = statedInvariants(new Map([["src/a.ts", source]]));
    expect(invariantFaults(stated, listedInvariants(page))).toContain(fault);
  });
});

describe("the search for names", () => {
  const planted = new Map([
    [
      "a.md",
      "Prose says ctx.prose.\n```ts\nctx.race([]);\n```\nand `ctx.wait(...)`, `ctx.waiting`",
    ],
    [
      "b.md",
      '```ts\nimport { fn,\n  type Future } from "handback";\nimport { chain } from "x";\n```',
    ],
  ]);

  test("reads code and not prose, and whole names only", () => {
    expect(
      unnamed(["race", "wait", "prose", "rac"], (name) => [`ctx.${name}`], codeOf(planted)),
    ).toEqual(["prose", "rac"]);
  });

  test("reads the names that examples import from the package", () => {
    expect([...importsOf(planted)]).toEqual(["fn", "Future"]);
  });

  test("reads the members of an interface, each once", () => {
    expect(membersOf("src/futures/types/context.ts", "WaitOptions")).toEqual(["count", "timeout"]);
    expect(membersOf("src/futures/types/context.ts", "Context")).toContain("onSettled");
  });
});

/** An option is named as a property in an example, or alone in a code span. */
const optionForms = (name: string): readonly string[] => [`${name}:`, `\`${name}\``];

/** The names that code writes in none of the given forms. */
function unnamed(
  names: readonly string[],
  forms: (name: string) => readonly string[],
  code: string,
): readonly string[] {
  const isWritten = (form: string): boolean =>
    new RegExp(`(?<![\\w$])${form.replaceAll(".", "\\.")}(?![\\w$])`).test(code);
  return names.filter((name) => !forms(name).some(isWritten));
}

/** All fenced blocks and code spans of pages. */
function codeOf(from: Files): string {
  return [...from.values()]
    .flatMap((text) => [...text.matchAll(/```.*?```|`[^`]+`/gs)].map(([code]) => code))
    .join("\n");
}

/** The names that fenced blocks import from `handback`, types included. */
function importsOf(from: Files): ReadonlySet<string> {
  const clauses = [...codeOf(from).matchAll(/import (?:type )?\{([^}]*)\} from "handback";/g)];
  return new Set(
    clauses.flatMap(([, names = ""]) =>
      names
        .split(",")
        .map((name) => name.trim().replace(/^type /, ""))
        .filter((name) => name !== ""),
    ),
  );
}
