import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  commentExamples,
  exampleFault,
  exampleFileName,
  markdownExamples,
  type Example,
} from "./support/examples.ts";
import { isPrinted, saidOutputs } from "./support/said-outputs.ts";
import { readFiles, ROOT, type Files } from "./support/source.ts";

const GENERATED = join(ROOT, "test/.generated");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

const examples = [...markdownExamples(readPages()), ...commentExamples(readFiles("src", ".ts"))];
const runnable = examples
  .filter((example) => example.runs)
  .map((example) => [`${example.path}:${example.line}`, example] as const);

describe("every example in the documentation", () => {
  const folder = join(GENERATED, "examples");
  const before = process.cwd();
  let scratch = "";

  beforeAll(() => {
    writeExamples(folder, examples);
    // Examples may create files, such as a database: they do so in a folder that is thrown away.
    scratch = mkdtempSync(join(tmpdir(), "handback-examples-"));
    process.chdir(scratch);
  });
  afterAll(() => {
    process.chdir(before);
    rmSync(scratch, { recursive: true, force: true });
  });

  test("starts with an import from handback", () => {
    expect(examples.map(exampleFault).filter((fault) => fault !== undefined)).toEqual([]);
  });

  test("compiles", () => {
    expect(compile(folder)).toBe("");
  });

  test.each(runnable)("runs, finishes, and prints its expected output: %s", async (_, example) => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((...said) => void lines.push(format(...said)));
    await expect(import(join(folder, exampleFileName(example)))).resolves.toBeDefined();
    expect(saidOutputs(example.code).filter((said) => !isPrinted(said, lines))).toEqual([]);
  });
});

describe("the search for examples", () => {
  test("finds fenced blocks of TypeScript, their lines, and the no-run mark", () => {
    const page = [
      "# Title",
      "```ts",
      "a;",
      "```",
      "```sh",
      "ls",
      "```",
      "- item",
      "  ```ts no-run",
      "  b {",
      "    c",
      "  }",
      "  ```",
      "",
    ];
    expect(markdownExamples(new Map([["README.md", page.join("\n")]]))).toEqual([
      { path: "README.md", line: 3, code: "a;\n", runs: true },
      { path: "README.md", line: 10, code: "b {\n  c\n}\n", runs: false },
    ]);
  });

  test("finds the examples of doc comments, bare and fenced, and no others", () => {
    const source = `
/**
 * Does it.
 *
 * @example
 * import { fn } from "handback";
 * fn("a/b", () => 1);
 * @throws nothing
 * @example
 * \`\`\`ts no-run
 * c;
 * \`\`\`
 */
export const a = "/** @example d */"; // @example e
`;
    expect(commentExamples(new Map([["src/a.ts", source]]))).toEqual([
      {
        path: "src/a.ts",
        line: 6,
        code: 'import { fn } from "handback";\nfn("a/b", () => 1);\n',
        runs: true,
      },
      { path: "src/a.ts", line: 11, code: "c;\n", runs: false },
    ]);
  });

  test.each([
    ['import { fn } from "handback";\nfn;', true],
    ['import {\n  fn,\n} from "handback";\nfn;', true],
    ['// Words.\nimport { fn } from "handback/http";', true],
    ['import fc from "fast-check";\nimport { fn } from "handback";', true],
    ['import { fn } from "./handback";', false],
    ['const a = 1;\nimport { fn } from "handback";', false],
    ["fn();", false],
    ["", false],
  ])("asks %j to import handback first", (code, fine) => {
    expect(exampleFault({ path: "a.md", line: 1, code, runs: true }) === undefined).toBe(fine);
  });

  test.each([
    ["3", "3", true],
    ["[ 1, 1 ] x", "[1,1]  'x'", true],
    ["{ ..., a: 1 }", "{ id: 5, a: 1 }", true],
    ["2.6...", "2.666", true],
    ["3", "33", false],
    ["{ ..., a: 1 }", "{ a: 1, id: 5 }", false],
    ["a ... b ... c", "a b d", false],
  ])("accepts %j as the output %j: %s", (said, line, fine) => {
    expect(saidOutputs(`console.log(x); // 0, then ${said}\nf(); // 4`)).toEqual(["0", said]);
    expect(isPrinted(said, ["other", line])).toBe(fine);
  });

  test("reports the place of an example that does not compile", () => {
    const folder = join(GENERATED, "planted");
    writeExamples(folder, [
      { path: "docs/a.md", line: 7, code: 'export const a: number = "one";\n', runs: true },
    ]);
    expect(compile(folder)).toContain("docs-a-md-7.ts(1,14): error TS2322");
  });
});

function readPages(): Files {
  const top = ["README.md", "ARCHITECTURE.md"].filter((path) => existsSync(join(ROOT, path)));
  const pages = top.map((path) => [path, readFileSync(join(ROOT, path), "utf8")] as const);
  return new Map([...pages, ...(existsSync(join(ROOT, "docs")) ? readFiles("docs", ".md") : [])]);
}

/** Writes each example to a file of its own, beside a tsconfig that finds `handback` in the sources. */
function writeExamples(folder: string, found: readonly Example[]): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const example of found)
    writeFileSync(join(folder, exampleFileName(example)), `${example.code}\nexport {};\n`);
  const config = {
    extends: "../../../tsconfig.json",
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: [],
    files: found.map(exampleFileName),
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
}

function compile(folder: string): string {
  const { files } = JSON.parse(readFileSync(join(folder, "tsconfig.json"), "utf8")) as {
    files: string[];
  };
  if (files.length === 0) return "";
  const result = spawnSync(process.execPath, [TSC, "-p", folder, "--pretty", "false"], {
    cwd: folder,
    encoding: "utf8",
  });
  return result.stdout + result.stderr;
}
