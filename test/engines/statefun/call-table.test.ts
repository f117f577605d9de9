import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const page = readFileSync("docs/statefun.md", "utf8");
const tests = globSync(["test/engines/statefun/**/*.ts", "test/clusters/statefun/**/*.ts"])
  .map((file) => readFileSync(file, "utf8"))
  .join("\n");

/** The tables whose last column names a test. */
const rows = page
  .slice(page.indexOf("## Call by call"), page.indexOf("## Every workflow"))
  .split("\n")
  .filter((line) => line.startsWith("| ") && !line.endsWith("| test |"))
  .map((line) => line.slice(2, -2).split(" | "));

test("each call and each trap of other SDKs names a test that exists", () => {
  expect(rows.length).toBeGreaterThan(40);
  const missing = rows.filter(([, , title = ""]) => !tests.includes(`"${title}"`));
  expect(missing).toEqual([]);
});
