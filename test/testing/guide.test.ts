import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { markdownExamples } from "../support/examples.ts";
import { ROOT } from "../support/source.ts";

const PAGE = "docs/testing.md";

test("the guide shows the counterexample that its program prints", async () => {
  const text = readFileSync(join(ROOT, PAGE), "utf8");
  const [, shown] = /^```text\n(.*?)^```$/ms.exec(text) ?? [];
  const program = markdownExamples(new Map([[PAGE, text]])).find(({ code }) =>
    code.includes("fc.assert("),
  );
  const folder = join(ROOT, "test/.generated/guide");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "counterexample.ts"), program?.code ?? "");

  const printed = vi.spyOn(console, "log").mockReturnValue();
  await import(join(folder, "counterexample.ts"));
  expect(printed.mock.calls.flat().join("\n")).toBe(shown?.trim());
});
