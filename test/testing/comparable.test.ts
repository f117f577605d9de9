import { expect, test } from "vitest";
import { comparable } from "../../src/testing/simulation/run/comparable.ts";

const ID = "0".repeat(16);

test.each([
  ["keys in another order", { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
  [
    "entries of maps and sets in another order",
    [
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
      new Set([1, 2]),
    ],
    [
      new Map([
        ["b", 2],
        ["a", 1],
      ]),
      new Set([2, 1]),
    ],
  ],
  ["ids of messages", `at ${ID}${"a".repeat(24)}`, `at ${ID}${"b".repeat(24)}`],
  ["stacks", { message: "m", stack: "here" }, { message: "m", stack: "there" }],
  ["absent and undefined values", { a: 1, b: undefined }, { a: 1 }],
  ["errors made in different places", new Error("m"), (() => new Error("m"))()],
])("two outcomes are equal despite different %s", (_, one, other) => {
  expect(comparable(one)).toBe(comparable(other));
});

test.each([
  ["values", { a: 1 }, { a: 2 }],
  ["order of lists", [1, 2], [2, 1]],
  ["kinds of values", [1, "1", 1n, null], ["1", 1, 1n, undefined]],
  ["negative zero", 0, -0],
  ["dates", new Date(0), new Date(1)],
  ["bytes", Uint8Array.of(1), Uint8Array.of(2)],
  ["messages of errors", new Error("m"), new Error("n")],
  ["causes of errors", new Error("m", { cause: 1 }), new Error("m", { cause: 2 })],
  ["entries of maps", new Map([["a", 1]]), new Map([["a", 2]])],
])("two outcomes differ by their %s", (_, one, other) => {
  expect(comparable(one)).not.toBe(comparable(other));
});
