import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "./support/packed-package.ts";

test("the API reference builds, and each link in a comment leads somewhere", () => {
  const folder = mkdtempSync(join(tmpdir(), "handback-api-"));
  try {
    runProgram(process.execPath, ["scripts/docs.ts", folder]); // throws if there is a warning
    const pages = ["index", "modules/patterns", "functions/index.embedded", "variables/index.fn"];
    expect(pages.filter((page) => !existsSync(join(folder, `${page}.html`)))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
