import fc from "fast-check";
import { expect, test } from "vitest";
import { Packer, Unpacker } from "../../../src/stores/sqlite/rows/packed.ts";
import type { Packed } from "../../../src/stores/sqlite/rows/packed.ts";

type Item = number | string | undefined;

function pack(items: readonly Item[]): Packed {
  const packer = new Packer();
  for (const item of items) {
    if (typeof item === "number") packer.number(item);
    else packer.text(item);
  }
  return packer.pack();
}

/** Reads items of the kinds that these are. */
function unpack(packed: Packed, items: readonly Item[]): readonly (number | string | null)[] {
  const unpacker = new Unpacker(packed);
  return items.map((item) => (typeof item === "number" ? unpacker.number() : unpacker.text()));
}

/** As a thread gets it. */
const handedOver = (packed: Packed): Packed => structuredClone(packed);

const items = fc.array(
  fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constant(undefined),
    fc.constant(""),
    // Any UTF-16 at all: lone surrogates, NUL, and what makes a pair with the end of the text before.
    fc.string({ unit: fc.integer({ max: 0xffff }).map((code) => String.fromCharCode(code)) }),
    fc.constantFrom("é", "😀", "\ud83d", "\ude00", "\0"),
  ),
);

test("numbers and texts come back as they were packed, in their order, whatever they are", () => {
  fc.assert(
    fc.property(items, (packed) => {
      expect(unpack(handedOver(pack(packed)), packed)).toEqual(packed.map((item) => item ?? null));
    }),
  );
});

/** The length from which a chunk takes no more. */
const FULL = 1 << 20;

test("texts of any length come back across chunks, empty and absent ones where one ends too", () => {
  const lengths = fc.constantFrom(0, 1, FULL - 1, FULL, FULL + 1, 3 * FULL);
  const text = fc.oneof(
    fc.constant(undefined),
    fc
      .tuple(lengths, fc.constantFrom("x", "é", "\ud83d"))
      .map(([length, character]) => character.repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
      const packed = handedOver(pack(texts));
      // Compared one by one: what is shown of a difference between such texts would be of no use.
      const found = unpack(packed, texts);
      expect(texts.every((item, index) => found[index] === (item ?? null))).toBe(true);
      const most = texts.reduce((sum, item) => sum + Math.ceil((item?.length ?? 0) / FULL), 1);
      expect(packed.chunks.length).toBeLessThanOrEqual(most);
    }),
    { numRuns: 50 },
  );
});

test("no chunk is longer than what fills one and the text that did", () => {
  const { chunks } = pack(Array.from({ length: 40 }, (_, index) => "x".repeat(index * 7_919)));
  expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(FULL + 40 * 7_919);
  expect(chunks.length).toBeGreaterThan(3);
});

test("small texts share one chunk", () => {
  expect(pack(["one", "", "two", undefined, 3]).chunks).toEqual(["onetwo"]);
});
