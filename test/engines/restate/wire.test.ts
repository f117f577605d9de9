import fc from "fast-check";
import { expect, test } from "vitest";
import { readAddressKey, writeAddressKey } from "../../../src/engines/restate/wire/address-key.ts";
import { printInput, readInput } from "../../../src/engines/restate/wire/input.ts";
import { readDelivery } from "../../../src/engines/restate/wire/delivery.ts";

const name = fc.stringMatching(/^[a-z_@.-][a-z0-9_.-]{0,12}$/);

test("the key of an address names it, whatever its id holds", () => {
  fc.assert(
    fc.property(name, name, fc.string({ minLength: 1, unit: "binary" }), (space, local, id) => {
      const address = { type: `${space}/${local}`, id };
      expect(readAddressKey(writeAddressKey(address))).toEqual(address);
    }),
  );
});

test("two addresses never have one key", () => {
  const part = fc.constantFrom("a", "b", "a/b", "/", "//a");
  const address = fc.record({ type: fc.constantFrom("a/b", "a/a", "b/a"), id: part });
  fc.assert(
    fc.property(address, address, (one, other) => {
      const same = one.type === other.type && one.id === other.id;
      expect(writeAddressKey(one) === writeAddressKey(other)).toBe(same);
    }),
  );
});

test("an invocation of another format is refused", () => {
  expect(() => readDelivery([2, 0, "0".repeat(40), "[]", ""])).toThrow(
    expect.objectContaining({ code: "FORMAT_TOO_NEW" }),
  );
});

test("an input has its format version, and one of a newer format is refused", () => {
  expect(readInput(printInput({ at: 7 }))).toEqual({ v: 1, at: 7 });
  // Those of the first release have none.
  expect(readInput('{"at":7}')).toEqual({ at: 7 });
  expect(readInput("null")).toBe(null);
  expect(() => readInput('{"v":2,"at":7}')).toThrow(
    expect.objectContaining({ code: "FORMAT_TOO_NEW" }),
  );
});
