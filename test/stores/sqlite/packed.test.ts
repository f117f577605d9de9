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

/** Unpacks items of the same types as `items`. */
function unpack(packed: Packed, items: readonly Item[]): readonly (number | string | null)[] {
  const unpacker = new Unpacker(packed);
  return items.map((item) => (typeof item === "number" ? unpacker.number() : unpacker.text()));
}

/** Clones a batch as a message to a thread does. */
const sentToThread = (packed: Packed): Packed => structuredClone(packed);

const items = fc.array(
  fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constant(undefined),
    fc.constant(""),
    // Any UTF-16: lone surrogates, NUL, and halves that form a pair with the end of the text
    // before.
    fc.string({ unit: fc.integer({ max: 0xffff }).map((code) => String.fromCharCode(code)) }),
    fc.constantFrom("é", "😀", "\ud83d", "\ude00", "\0"),
  ),
);

test("any numbers and texts are unpacked as they were packed, in the same order", () => {
  fc.assert(
    fc.property(items, (packed) => {
      expect(unpack(sentToThread(pack(packed)), packed)).toEqual(
        packed.map((item) => item ?? null),
      );
    }),
  );
});

/** The length at which a chunk is closed. */
const FULL = 1 << 20;

test("texts of any length are unpacked across chunks, as are empty and absent ones at the end of a chunk", () => {
  const lengths = fc.constantFrom(0, 1, FULL - 1, FULL, FULL + 1, 3 * FULL);
  const text = fc.oneof(
    fc.constant(undefined),
    fc
      .tuple(lengths, fc.constantFrom("x", "é", "\ud83d"))
      .map(([length, character]) => character.repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), (texts) => {
      const packed = sentToThread(pack(texts));
      // Compared one by one, because a diff of such texts is too long to read.
      const found = unpack(packed, texts);
      expect(texts.every((item, index) => found[index] === (item ?? null))).toBe(true);
      const most = texts.reduce((sum, item) => sum + Math.ceil((item?.length ?? 0) / FULL), 1);
      expect(packed.chunks.length).toBeLessThanOrEqual(most);
    }),
    { numRuns: 50 },
  );
});

test("a chunk exceeds its length by less than its last text", () => {
  const { chunks } = pack(Array.from({ length: 40 }, (_, index) => "x".repeat(index * 7_919)));
  expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(FULL + 40 * 7_919);
  expect(chunks.length).toBeGreaterThan(3);
});

test("small texts share one chunk", () => {
  expect(pack(["one", "", "two", undefined, 3]).chunks).toEqual(["onetwo"]);
});
