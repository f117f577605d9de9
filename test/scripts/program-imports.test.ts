import { posix } from "node:path";
import { expect, test } from "vitest";
import { readFiles } from "../support/source.ts";

const FOLDERS = ["scripts", "test", "bench", "battery", "demo"];
/** Imports and exports of values, which Node resolves. Types are gone by then. */
const IMPORT = /^(?:import|export) (?!type\b)(?:[^;"]*? from )?"([^"]+)"/gm;

const files = new Map([...FOLDERS, "src"].flatMap((folder) => [...readFiles(folder, ".ts")]));

/** Programs that Node runs as they are, without the aliases of the tests. */
const programs = [...files].flatMap(([path, text]) =>
  text.includes("process.argv") && !path.startsWith("src/") && !path.endsWith(".test.ts")
    ? path
    : [],
);

/** Returns the imports of the package by a file, and by what it imports: `file imports handback`. */
function packageImports(path: string, seen = new Set<string>()): readonly string[] {
  if (seen.has(path)) return [];
  seen.add(path);
  return [...(files.get(path) ?? "").matchAll(IMPORT)].flatMap(([, specifier = ""]) => {
    if (/^handback(?:\/|$)/.test(specifier)) return `${path} imports ${specifier}`;
    if (!specifier.startsWith(".")) return [];
    return packageImports(posix.join(posix.dirname(path), specifier), seen);
  });
}

test("programs that tests and scripts start import the sources, and need no build", () => {
  expect(programs).toContain("scripts/statefun-cost.ts");
  expect(programs).toContain("test/clusters/statefun/bank/program.ts");
  expect(programs.flatMap((path) => packageImports(path))).toEqual([]);
});
