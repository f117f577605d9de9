import fc from "fast-check";
import { expect, test } from "vitest";
import { codec } from "../../../src/futures/protocol/codec.ts";
import { encodeFlowRecord } from "../../../src/futures/flow/record/flow-record.ts";
import type { FlowRecord } from "../../../src/futures/flow/record/flow-record.ts";
import {
  flowOfReplyKey,
  settledReply,
  settledReplyKey,
} from "../../../src/futures/flow/record/settled-reply.ts";

const pending: FlowRecord = { type: "shop/pay", startedAt: 5, tally: [0, 0, 0, 0, 0, 0] };
const text = codec.encode("paid");

test("the key of a settled flow's reply names the flow, whatever its key holds", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (flow) => {
      expect(flowOfReplyKey(settledReplyKey(flow))).toBe(flow);
    }),
  );
  expect(flowOfReplyKey("client:1/2")).toBeUndefined();
});

test("a settled flow gives its reply again, and a pending or unknown one gives none", () => {
  for (const ok of [true, false]) {
    const json = encodeFlowRecord({ ...pending, settledAt: 9, ok });
    const reply = { key: settledReplyKey("f"), payload: text, control: { ok } };
    expect(settledReply("f", { json, text })).toEqual(reply);
  }
  expect(settledReply("f", { json: encodeFlowRecord(pending) })).toBeUndefined();
  expect(settledReply("f", undefined)).toBeUndefined();
});
