import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { MUTATIONS } from "../../scripts/mutations.ts";
import { locate } from "../../scripts/mutations/locate.ts";
import type { Mutation } from "../../scripts/mutations/mutation.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (pattern: string): ReadonlyMap<string, string> =>
  new Map(
    globSync(pattern, { cwd: ROOT }).map((path) => [path, readFileSync(join(ROOT, path), "utf8")]),
  );
const sources = read("src/**/*.ts");

/** Returns the descriptions of the mutations that have this fault. */
const having = (fault: (mutation: Mutation) => boolean): readonly string[] =>
  MUTATIONS.filter(fault).map(({ breaks, file }) => `${breaks} (${file})`);

test("each mutation finds its code, and changes it", () => {
  expect(
    having((mutation) => {
      const place = locate(sources, mutation);
      const code = place && sources.get(place.path)?.slice(place.start, place.end);
      return place === undefined || place.replacement.trim() === code?.trim();
    }),
  ).toEqual([]);
});

test("each mutation names a test file that exists", () => {
  const tests = read("test/**/*.test.ts");
  expect(having(({ test: path }) => !tests.has(path))).toEqual([]);
});

test("no two mutations have the same description", () => {
  const descriptions = MUTATIONS.map(({ breaks }) => breaks);
  expect(descriptions.filter((each, at) => descriptions.indexOf(each) !== at)).toEqual([]);
});
