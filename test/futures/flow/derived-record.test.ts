import { expect, test } from "vitest";
import type { Encoded } from "../../../src/core/codec/encoded.ts";
import type { Envelope } from "../../../src/core/message/envelope.ts";
import type { Json } from "../../../src/core/data/json.ts";
import { rootId } from "../../../src/core/message/message-id.ts";
import { derivedFlowRecord } from "../../../src/futures/flow/record/derived-record.ts";

const NUMBER = "0000010000000002";
const id = rootId(NUMBER);

/** A call in the scope of the flow, with this control data. */
function call(control: Json): Envelope {
  return {
    id,
    target: { type: "shop/pay", id },
    name: "call",
    payload: "1" as Encoded,
    control,
    scope: NUMBER,
  };
}

test("only the first call of a flow without a key implies its record", () => {
  const first = { consumers: [], flow: NUMBER, startedAt: 5 };
  expect(derivedFlowRecord.idOf(call(first))).toBe(NUMBER);
  const { startedAt: _, ...later } = first;
  expect(derivedFlowRecord.idOf(call(later))).toBeUndefined();
  expect(derivedFlowRecord.idOf(call({ ...first, flow: "order-1" }))).toBeUndefined();
  expect(derivedFlowRecord.idOf(call({ ...first, retries: 1 }))).toBeUndefined();
  expect(derivedFlowRecord.idOf(call(null))).toBeUndefined();
});
