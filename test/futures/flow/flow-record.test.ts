import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../../src/core/data/json.ts";
import {
  encodeFlowRecord,
  decodeFlowRecord,
} from "../../../src/futures/flow/record/flow-record.ts";
import type { FlowRecord } from "../../../src/futures/flow/record/flow-record.ts";

const instant = fc.integer({ min: 0, max: 8.64e15 });
const optional = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(value, { nil: undefined });
const record: fc.Arbitrary<FlowRecord> = fc
  .record({
    type: fc.string(),
    stateId: optional(fc.string()),
    name: optional(fc.string()),
    startedAt: instant,
    tally: fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat(), fc.nat(), fc.nat()),
    settled: optional(fc.record({ settledAt: instant, ok: fc.boolean() })),
    number: optional(fc.string()),
    digest: optional(fc.string()),
    cancelled: fc.constantFrom(true as const, undefined),
    queues: optional(fc.array(fc.string())),
    unhandled: optional(fc.array(fc.record({ name: fc.string(), message: fc.string() }))),
  })
  .map(({ settled, ...rest }) => ({ ...rest, ...settled }));

test("a flow record decodes from memory and from text to the record that was stored", () => {
  fc.assert(
    fc.property(record, (given) => {
      expect(decodeFlowRecord(encodeFlowRecord(given))).toEqual(given);
      expect(decodeFlowRecord(JSON.parse(JSON.stringify(encodeFlowRecord(given))) as Json)).toEqual(
        given,
      );
    }),
  );
});

test("a plain record stores no names", () => {
  const usual: FlowRecord = { type: "shop/pay", startedAt: 5, tally: [1, 2, 3, 4, 5, 6] };
  expect(encodeFlowRecord(usual)).toEqual(["shop/pay", 5, [1, 2, 3, 4, 5, 6], 0, 0, 0, 0]);
});
