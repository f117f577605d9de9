import { describe, expect, test } from "vitest";
import { layerViolations, roomCycles } from "./support/layers.ts";
import { readFiles } from "./support/source.ts";

test("imports in src run one way, and the inner layers are pure", () => {
  expect(layerViolations(readFiles("src", ".ts"))).toEqual([]);
});

test.each(["src", "test", "demo", "examples", "scripts", "bench", "battery"])(
  "rooms in %s import each other one way",
  (folder) => {
    expect(roomCycles(readFiles(folder, ".ts"))).toEqual([]);
  },
);

describe("the rooms check", () => {
  const check = (files: Record<string, string>): string[] =>
    roomCycles(new Map(Object.entries(files)));

  test("lets files in one room import each other's neighbors one way", () => {
    expect(
      check({
        "src/core/a/one.ts": `import "../b/two.ts";`,
        "src/core/b/two.ts": `import "./three.ts";`,
      }),
    ).toEqual([]);
  });

  test("finds two rooms that import each other through different files", () => {
    const files = {
      "src/core/a/one.ts": `import "../b/two.ts";`,
      "src/core/b/three.ts": `import type { F } from "../a/four.ts";`,
    };
    expect(check(files)).toEqual([
      "rooms import each other: src/core/a -> src/core/b -> src/core/a",
    ]);
  });

  test("treats a folder's own files as a room", () => {
    const files = {
      "src/core/one.ts": `import "./b/two.ts";`,
      "src/core/b/two.ts": `import "../three.ts";`,
    };
    expect(check(files)).toEqual(["rooms import each other: src/core -> src/core/b -> src/core"]);
  });
});

describe("the layering check", () => {
  const check = (files: Record<string, string>): string[] =>
    layerViolations(new Map(Object.entries(files)));

  test.each([
    ["a type import", `import type { A } from "../futures/a.ts";`],
    ["an import", `import { a } from "../futures/a.ts";`],
    ["a re-export of names", `export { a } from "../futures/a.ts";`],
    ["a re-export of everything", `export * from "../futures/a.ts";`],
    ["an import type", `export type B = import("../futures/a.ts").A;`],
    ["a dynamic import", `export const a = () => import("../futures/a.ts");`],
    ["an import for its side effects", `import "../futures/a.ts";`],
  ])("finds %s", (_, text) => {
    expect(check({ "src/core/b.ts": text })).toEqual([
      "src/core/b.ts (core) imports src/futures/a.ts (futures)",
    ]);
  });

  test.each([
    ["src/futures/a.ts", "../core/b.ts"],
    ["src/patterns/a.ts", "../futures/b.ts"],
    ["src/engines/embedded/a.ts", "../../core/codec/b.ts"],
    ["src/engines/embedded/state/a.ts", "../b.ts"],
    ["src/engines/embedded/state/a.ts", "../../../stores/store.ts"],
    ["src/stores/sqlite/a.ts", "../../core/b.ts"],
    ["src/stores/sqlite/a.ts", "../../machine/b.ts"],
    ["src/embedded.ts", "./stores/memory/memory.ts"],
    ["src/testing/a.ts", "../engines/embedded/b.ts"],
    ["src/embedded.ts", "./engines/embedded/b.ts"],
    ["src/index.ts", "./embedded.ts"],
    ["src/http/a.ts", "../embedded.ts"],
    ["src/core/a.ts", "node:util/types"],
    ["src/core/a.ts", "node:crypto"],
    ["src/engines/embedded/a.ts", "node:sqlite"],
    ["src/adapters/xstate.ts", "xstate"],
  ])("lets %s import %s", (path, specifier) => {
    expect(check({ [path]: `import { b } from "${specifier}";` })).toEqual([]);
  });

  test.each([
    ["src/core/a.ts", "../engines/embedded/b.ts"],
    ["src/futures/a.ts", "../patterns/b.ts"],
    ["src/futures/a.ts", "../engines/embedded/b.ts"],
    ["src/engines/embedded/a.ts", "../../futures/b.ts"],
    ["src/engines/embedded/a.ts", "../restate/b.ts"],
    ["src/engines/restate/a.ts", "../../stores/store.ts"],
    ["src/engines/embedded/a.ts", "../../stores/memory/memory.ts"],
    ["src/stores/sqlite/a.ts", "../../engines/embedded/b.ts"],
    ["src/futures/a.ts", "../stores/store.ts"],
    ["src/patterns/a.ts", "../embedded.ts"],
    ["src/testing/a.ts", "../engines/restate/b.ts"],
    ["src/futures/a.ts", "../http/b.ts"],
    ["src/index.ts", "./http/b.ts"],
    ["src/embedded.ts", "./index.ts"],
    ["src/futures/a.ts", "../core/index.ts"],
    ["src/core/a.ts", "../../test/b.ts"],
    ["src/core/a.ts", "../machine/b.ts"],
    ["src/futures/a.ts", "../machine/b.ts"],
    ["src/machine/a.ts", "../futures/b.ts"],
    ["src/core/a.ts", "node:fs"],
    ["src/core/a.ts", "fs"],
    ["src/core/a.ts", "lodash"],
    ["src/futures/a.ts", "node:util/types"],
    ["src/core/a.ts", "immer"],
    ["src/futures/a.ts", "handback"],
    ["src/patterns/a.ts", "node:net"],
    ["src/embedded.ts", "node:sqlite"],
    ["src/adapters/a.ts", "node:fs/promises"],
    ["src/utils/a.ts", "./b.ts"],
  ])("does not let %s import %s", (path, specifier) => {
    expect(check({ [path]: `import { b } from "${specifier}";` })).toHaveLength(1);
  });

  test.each([
    ["Date.now", "export const a = () => Date.now();"],
    ["new Date()", "export const a = () => new Date();"],
    ["Math.random", "export const a = Math.random;"],
    ["setTimeout", "export const a = () => setTimeout(() => {}, 1);"],
    ["setInterval", "export const a = () => setInterval(() => {}, 1);"],
    ["performance", "export const a = () => performance.now();"],
    ["process", "export const a = process.env;"],
    ["console", 'export const a = () => console.log("a");'],
    ["crypto", "export const a = () => crypto.randomUUID();"],
    [
      "node:crypto#randomUUID",
      'import { randomUUID } from "node:crypto"; export const a = randomUUID;',
    ],
  ])("finds %s in core", (use, text) => {
    expect(check({ "src/core/a.ts": text })).toEqual([`src/core/a.ts uses ${use}`]);
  });

  test.each([
    ["Date.now", "export const a = () => Date.now();"],
    ["new Date()", "export const a = () => new Date();"],
    ["setTimeout", "export const a = () => setTimeout(() => {}, 1);"],
    ["clearTimeout", "export const a = () => clearTimeout(1);"],
    ["setImmediate", "export const a = () => setImmediate(() => {});"],
    ["performance", "export const a = () => performance.now();"],
    ["queueMicrotask", "export const a = () => queueMicrotask(() => {});"],
    [
      "node:timers/promises#*",
      'import * as timers from "node:timers/promises"; export const a = timers;',
    ],
  ])("finds %s, which fake timers replace, outside of the machine", (use, text) => {
    for (const path of ["src/engines/embedded/a.ts", "src/stores/sqlite/a.ts", "src/http/a.ts"])
      expect(check({ [path]: text })).toEqual([
        `${path} uses ${use}, which may be a fake; src/machine/real-time.ts has a real one`,
      ]);
    expect(check({ "src/machine/real-time.ts": text })).toEqual([]);
  });

  test("lets an engine use the machine, and the real time of it", () => {
    const text = `
      import { setTimeout } from "../../machine/real-time.ts";
      export const a = () => setTimeout(() => process.uptime(), Math.random());`;
    expect(check({ "src/engines/embedded/a.ts": text })).toEqual([]);
  });

  test("limits patterns to the futures that src/index.ts exports", () => {
    const files = {
      "src/index.ts": `export { fn } from "./futures/fn.ts"; export type { Future } from "./futures/future.ts";`,
      "src/patterns/a.ts": `import { fn } from "../futures/fn.ts"; import type { Future } from "../futures/future.ts";`,
      "src/patterns/b.ts": `import { specOf } from "../futures/spec.ts";`,
    };
    expect(check(files)).toEqual([
      "src/patterns/b.ts imports src/futures/spec.ts, which src/index.ts does not show",
    ]);
  });

  test("ignores comments, strings, properties and dates of known instants", () => {
    const text = `
      // Date.now() and process.env
      /** setTimeout(() => {}) */
      export const a = (b: { process(): void; console: number }) => [b.process(), b.console, "Math.random()", \`process.\`, new Date(0)];
    `;
    expect(check({ "src/core/a.ts": text })).toEqual([]);
  });

  test("finds cycles, including those through types", () => {
    const files = {
      "src/core/a.ts": `import type { B } from "./b.ts";`,
      "src/core/b.ts": `import { c } from "./codec/c.ts";`,
      "src/core/codec/c.ts": `export type { A } from "../a.ts";`,
      "src/core/d.ts": `import { a } from "./a.ts";`,
    };
    expect(check(files)).toEqual([
      "import cycle: src/core/a.ts -> src/core/b.ts -> src/core/codec/c.ts -> src/core/a.ts",
    ]);
  });
});
