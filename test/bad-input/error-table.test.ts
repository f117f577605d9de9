import { ERROR_CODES } from "handback";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readFiles, ROOT } from "../support/source.ts";

const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");

describe("the table of error codes in docs/errors.md", () => {
  test("matches the code: after a change, paste the text that this test expects", () => {
    const rows = Object.entries(ERROR_CODES).map(
      ([code, { retryable, meaning }]) =>
        `| \`${code}\` | ${retryable ? "yes" : ""} | ${meaning} |`,
    );
    const table = ["| code | retryable | meaning |", "|---|---|---|", ...rows].join("\n");
    expect(page.slice(page.indexOf("| code |")).split("\n\n")[0]?.trimEnd()).toBe(table);
  });

  test("lists each code once, with a sentence", () => {
    for (const [code, { meaning }] of Object.entries(ERROR_CODES)) {
      expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
      expect(meaning).toMatch(/^[A-Z][^|\n]+\.$/);
      expect(page.split(`\n| \`${code}\` |`)).toHaveLength(2);
    }
  });

  test("contains every code that a doc comment promises", () => {
    const promised = [...readFiles("src", ".ts").values()].flatMap((text) =>
      [...text.matchAll(/@throws[^*]*(?:\n\s*\*[^*@]*)*/g)].flatMap(
        ([comment]) => comment.match(/`[A-Z]{2,}(?:_[A-Z]+)*`/g) ?? [],
      ),
    );
    expect(promised.length).toBeGreaterThan(50);
    expect(promised.filter((code) => !Object.hasOwn(ERROR_CODES, code.slice(1, -1)))).toEqual([]);
  });
});
