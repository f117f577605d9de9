import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { readFlowchart } from "../../support/flowchart.ts";
import { printedBlocks } from "../../support/printed-blocks.ts";
import { ROOT } from "../../support/source.ts";

const FOLDER = join(ROOT, "test/.generated/diagrams");
const blocks = printedBlocks(
  readFileSync(join(ROOT, "docs/patterns/diagrams.md"), "utf8"),
  "mermaid",
);

afterAll(() => {
  rmSync(FOLDER, { recursive: true, force: true });
});

test("the page on diagrams shows a function and a flow", () => {
  expect(blocks).toHaveLength(2);
});

test.each([...blocks.entries()])(
  "diagram %i of the page is the output of the example before it",
  async (index, { code, shown }) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    mkdirSync(FOLDER, { recursive: true });
    const file = join(FOLDER, `example-${index}.ts`);
    writeFileSync(file, code);
    await import(file);
    expect(log.mock.calls.map(([said]) => said as string).join("\n")).toBe(shown);
    expect(readFlowchart(shown).nodes.size).toBeGreaterThan(1);
  },
);
