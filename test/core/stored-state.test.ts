import { describe, expect, test, vi } from "vitest";
import { makeCodec } from "../../src/core/codec/codec.ts";
import type { Encoded } from "../../src/core/codec/encoded.ts";
import { loadState, VERSION } from "../../src/core/state/stored-state.ts";
import type { StateShape, StoredValues, Values } from "../../src/core/state/stored-state.ts";

const codec = makeCodec();
const encode = (value: unknown): Encoded => codec.encode(value);

function shapeOf(initial: Values, more: Omit<Partial<StateShape>, "specs"> = {}): StateShape {
  return {
    specs: new Map(
      Object.entries(initial).map(([name, value]) => [name, { initialText: encode(value) }]),
    ),
    version: 1,
    ...more,
  };
}

const broken = (): never => {
  throw new Error("no");
};

/** Returns stored values to a reader. */
function stored(values: Values, version?: number): StoredValues {
  return {
    names: Object.keys(values),
    read(name) {
      if (name === VERSION) return version === undefined ? undefined : { json: version };
      return Object.hasOwn(values, name) ? { text: encode(values[name]) } : undefined;
    },
  };
}

describe("loading a state", () => {
  test("reads stored values, and uses initial values for the others", () => {
    const shape = shapeOf({ count: 1, names: ["a"] });
    expect(loadState(shape, stored({ count: 5 }), codec)).toEqual({
      values: { count: 5, names: ["a"] },
      migratedFrom: undefined,
    });
  });

  test("makes a new initial value each time", () => {
    const shape = shapeOf({ names: [] });
    const load = (): unknown => loadState(shape, stored({}), codec).values["names"];
    expect(load()).not.toBe(load());
  });

  test.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "treats %s as a name like any other",
    (name) => {
      const shape = shapeOf({ [name]: 0 });
      const own = (values: Values): unknown => Object.getOwnPropertyDescriptor(values, name)?.value;
      expect(own(loadState(shape, stored({}), codec).values)).toBe(0);
      expect(own(loadState(shape, stored({ [name]: { x: 1 } }), codec).values)).toEqual({ x: 1 });
      const emptying = shapeOf(
        { [name]: 0, other: 0 },
        { version: 2, migrate: () => ({ other: 1 }) },
      );
      expect(own(loadState(emptying, stored({ other: 5 }), codec).values)).toBe(0);
    },
  );
});

describe("a state of an older version", () => {
  test("is migrated from its stored values and version", () => {
    const migrate = vi.fn<NonNullable<StateShape["migrate"]>>((old) => ({
      total: Number(old["sum"]) + 1,
    }));
    const shape = shapeOf({ sum: 0, total: 0, note: "none" }, { version: 3, migrate });
    expect(loadState(shape, stored({ sum: 5 }, 2), codec)).toEqual({
      values: { sum: 0, total: 6, note: "none" },
      migratedFrom: 2,
    });
    expect(migrate.mock.calls).toEqual([[{ sum: 5 }, 2]]);
  });

  test("has version 1 if none is stored", () => {
    const shape = shapeOf(
      { sum: 0 },
      { version: 2, migrate: (old, from) => ({ sum: Number(old["sum"]) * 10 + from }) },
    );
    expect(loadState(shape, stored({ sum: 5 }), codec)).toEqual({
      values: { sum: 51 },
      migratedFrom: 1,
    });
  });

  test("is not migrated if nothing is stored", () => {
    const migrate = vi.fn<NonNullable<StateShape["migrate"]>>();
    expect(
      loadState(shapeOf({ sum: 7 }, { version: 2, migrate }), stored({}), codec).values,
    ).toEqual({ sum: 7 });
    expect(migrate).not.toHaveBeenCalled();
  });

  test("does not change the object that the migration returned", () => {
    const made = Object.freeze({ sum: 1 });
    const shape = shapeOf({ sum: 0, note: "none" }, { version: 2, migrate: () => made });
    expect(loadState(shape, stored({ sum: 5 }), codec).values).toEqual({ sum: 1, note: "none" });
    expect(made).toEqual({ sum: 1 });
  });

  test.each([
    ["nothing migrates it", { version: 2 }, 1],
    ["it is newer than the function", { version: 2, migrate: () => ({}) }, 3],
    ["the migration throws", { version: 2, migrate: broken }, 1],
  ])("does not fit if %s", (_, more, version) => {
    expect(() => loadState(shapeOf({ sum: 0 }, more), stored({ sum: 5 }, version), codec)).toThrow(
      expect.objectContaining({ code: "STATE_SCHEMA_MISMATCH" }),
    );
  });
});

test("takes the values that a schema returns, and initial values for those it leaves out", () => {
  const shape = shapeOf(
    { count: 1, note: "none" },
    { check: ({ count }) => ({ count: Number(count) * 2 }) },
  );
  expect(loadState(shape, stored({ count: 5 }), codec).values).toEqual({ count: 10, note: "none" });
});
