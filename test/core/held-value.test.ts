import { expect, test } from "vitest";
import type { Encoded } from "../../src/core/codec/encoded.ts";
import { HeldValue } from "../../src/core/state/held-value.ts";
import { codec } from "../../src/futures/protocol/codec.ts";

/** Tells whether a held value would be written. */
function isChanged(held: HeldValue): boolean {
  return !held.isSame() && !held.hasText(codec.encode(held.current), codec);
}

test("a stored value is changed only if its content changes", () => {
  const held = HeldValue.ofText(codec.encode({ list: [1] }), codec);
  const given = held.give(codec) as { list: number[] };
  expect(isChanged(held)).toBe(false);
  given.list.push(2);
  expect(isChanged(held)).toBe(true);
  given.list.pop();
  expect(isChanged(held)).toBe(false);
  held.current = { list: [1] };
  expect(isChanged(held)).toBe(false);
});

test("a value that a schema made is changed only if its content changes", () => {
  const held = HeldValue.ofValue({ at: new Date(0) });
  expect(isChanged(held)).toBe(false);
  const given = held.give(codec) as { at: Date };
  expect(isChanged(held)).toBe(false);
  given.at.setTime(1);
  expect(isChanged(held)).toBe(true);
});

test("a value that a schema made and that cannot be stored is no change by itself", () => {
  const held = HeldValue.ofValue({ url: new URL("https://example.org") });
  held.give(codec);
  expect(held.isSame()).toBe(true);
});

test("a value that an older version wrote with other escapes is unchanged", () => {
  const held = HeldValue.ofText('{"a\\"b":1}' as Encoded, codec);
  expect(held.give(codec)).toEqual({ 'a"b': 1 });
  expect(isChanged(held)).toBe(false);
});
