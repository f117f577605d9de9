import { expect, test } from "vitest";
import { describeDifference } from "../../src/testing/conformance/case/difference.ts";

const bytes = (...of: number[]): Uint8Array => Uint8Array.from(of);

test.each<[unknown, unknown]>([
  [1, 1],
  [Number.NaN, Number.NaN],
  [{ a: undefined }, {}],
  [{}, { a: undefined }],
  [{ a: [1, { b: "c" }] }, { a: [1, { b: "c" }] }],
  [new Date(5), new Date(5)],
  [new Map([[{ k: 1 }, [2]]]), new Map([[{ k: 1 }, [2]]])],
  [new Set([{ a: 1 }]), new Set([{ a: 1 }])],
  [bytes(1, 2), bytes(1, 2)],
  [Object.create(null), {}],
])("finds no difference between equal values: %o and %o", (got, expected) => {
  expect(describeDifference(got, expected, "whole")).toBeUndefined();
});

test.each<[unknown, unknown, string]>([
  [0, -0, "expected -0, got 0"],
  [1, 1n, "expected a bigint, got 1"],
  [null, undefined, "expected undefined, got null"],
  [undefined, {}, "expected an object, got undefined"],
  [{ a: 1 }, {}, "at .a: expected undefined, got 1"],
  [{}, { a: { b: 1 } }, "at .a: expected an object, got undefined"],
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }, "at .a[1].b: expected 3, got 2"],
  [[1], [1, undefined], "expected 2 items, got 1"],
  [{ a: [1, 2] }, { a: [1] }, "at .a: expected 1 items, got 2"],
  [{}, [], "expected an array, got an object"],
  [[], {}, "expected an object, got an array"],
  [new Date(5), new Date(6), "expected a Date, got a Date"],
  [5, new Date(5), "expected a Date, got 5"],
  [new Date(5), {}, "expected an object, got a Date"],
  [new Map(), {}, "expected an object, got an object"],
  [new Set(), new Map(), "expected an object, got an object"],
  [new Map([[1, 2]]), new Map([[1, 3]]), "at [0][1]: expected 3, got 2"],
  [new Set([1]), new Set([2]), "at [0]: expected 2, got 1"],
  [bytes(1), bytes(2), "at [0]: expected 2, got 1"],
  [[1], bytes(1), "expected an object, got an array"],
])("describes the difference: %o is not %o", (got, expected, says) => {
  expect(describeDifference(got, expected, "whole")).toBe(says);
});

test("objects may have more than the expected part, at any depth, and lists may not", () => {
  const got = { a: [{ b: 1, c: 2 }], d: 3 };
  expect(describeDifference(got, { a: [{ b: 1 }] }, "part")).toBeUndefined();
  expect(describeDifference(got, { a: [{ c: 1 }] }, "part")).toBe("at .a[0].c: expected 1, got 2");
  expect(describeDifference(got, { a: [] }, "part")).toBe("at .a: expected 0 items, got 1");
  expect(
    describeDifference(new Error("why", { cause: "x" }), { message: "why", cause: "x" }, "part"),
  ).toBeUndefined();
});
