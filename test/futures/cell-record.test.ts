import fc from "fast-check";
import { expect, test } from "vitest";
import type { Encoded } from "../../src/core/codec/encoded.ts";
import type { Json } from "../../src/core/data/json.ts";
import {
  encodeCell,
  NO_CELL,
  OWN_GUARD,
  decodeCell,
} from "../../src/futures/combinators/cell-record.ts";
import type { CellRecord } from "../../src/futures/combinators/cell-record.ts";

const NUMBER = "0000010000000002";
const instant = fc.integer({ min: 0, max: 8.64e15 });
const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });
const guard = fc.tuple(
  fc.constantFrom(NUMBER, `${NUMBER}/1`, "other"),
  fc.constantFrom(OWN_GUARD, "subscriber/0"),
);
const subscriber = fc.record(
  { consumers: fc.array(fc.record({ to: fc.constant("flow" as const), id: fc.string() })), guard },
  { requiredKeys: ["consumers"] },
);
const cell: fc.Arbitrary<CellRecord> = fc.record({
  made: fc.boolean(),
  subscribers: fc.array(subscriber),
  settled: optional(
    fc.record({ ok: fc.boolean(), text: fc.json().map((text) => text as Encoded) }),
  ),
  cancelled: fc.boolean(),
  guard: optional(guard),
  guards: fc.nat(),
  expiring: fc.boolean(),
  left: fc.boolean(),
  tally: optional(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat(), fc.nat(), fc.nat())),
  retainUntil: instant,
  digests: fc.array(fc.string()),
  released: fc.boolean(),
  gate: fc.boolean(),
  flow: optional(fc.constantFrom(NUMBER, "order-1", "")),
  detached: fc.boolean(),
  working: fc.boolean(),
  late: fc.array(subscriber, { maxLength: 2 }),
});

test("a cell decodes from memory and from text to the value that was stored", () => {
  fc.assert(
    fc.property(cell, (given) => {
      expect(decodeCell(encodeCell(given, NUMBER), NUMBER)).toEqual(given);
      expect(
        decodeCell(JSON.parse(JSON.stringify(encodeCell(given, NUMBER))) as Json, NUMBER),
      ).toEqual(given);
    }),
  );
});

test("a cell that waits in its own flow stores no names, and does not repeat the number", () => {
  const waiting: CellRecord = {
    ...NO_CELL,
    made: true,
    retainUntil: 9,
    digests: ["d"],
    flow: NUMBER,
    guard: [NUMBER, OWN_GUARD],
  };
  expect(encodeCell(waiting, NUMBER)).toEqual([1, 9, [], ["d"], 1, 1]);
});
