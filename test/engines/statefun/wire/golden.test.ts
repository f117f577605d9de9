import { expect, test } from "vitest";
import {
  bool,
  double,
  float,
  int,
  long,
  string,
} from "../../../../src/engines/statefun/types/built-in.ts";
import type { MessageType } from "../../../../src/engines/statefun/types/message-type.ts";
import { readRequest } from "../../../../src/engines/statefun/wire/request.ts";
import {
  writeMissingValues,
  writeResponse,
} from "../../../../src/engines/statefun/wire/response.ts";
import { toHex } from "../../../../src/core/crypto/hex.ts";
import { fromHex } from "../support/hex.ts";

function sample<Value>(type: MessageType<Value>, value: Value, hex: string) {
  const encoded = (): string => toHex(type.encode(value));
  const decoded = (): Value => type.decode(fromHex(hex));
  return { name: type.typename, value, hex, encoded, decoded };
}

/** Bytes that the frozen JavaScript SDK, or Protobuf's own tools, wrote. */
const VALUES = [
  sample<number>(int, 1, "0d01000000"),
  sample<number>(int, -1, "0dffffffff"),
  sample<number>(int, 2_147_483_647, "0dffffff7f"),
  sample<number>(int, -2_147_483_648, "0d00000080"),
  sample<number>(int, 0, ""),
  sample<boolean>(bool, true, "0801"),
  sample<boolean>(bool, false, ""),
  sample<number>(float, 1.5, "0d0000c03f"),
  sample<number>(float, 0, ""),
  sample<number>(float, -0, "0d00000080"),
  sample<number>(double, 1.5, "09000000000000f83f"),
  sample<number>(double, -0, "090000000000000080"),
  sample<bigint>(long, 1n, "090100000000000000"),
  sample<bigint>(long, 0n, ""),
  sample<bigint>(long, -(2n ** 63n), "090000000000000080"),
  sample<string>(string, "hello", "0a0568656c6c6f"),
  sample<string>(string, "", ""),
];

test.each(VALUES)("$name writes $value as $hex, and reads it back", (sample) => {
  expect(sample.encoded()).toBe(sample.hex);
  expect(sample.decoded()).toBe(sample.value);
});

const ONE =
  "a206410a110a076f72672e666f6f12036261721a013012060a047365656e1a2412220a18696f2e737461746566756e2e74797065732f737472696e6710011a040a026869";

test("a request with one message from an ingress and a value that is not set is read", () => {
  expect(readRequest(fromHex(ONE))).toEqual({
    target: { type: "org.foo/bar", id: "0" },
    values: new Map([["seen", undefined]]),
    invocations: [{ argument: { typename: string.typename, bytes: string.encode("hi") } }],
  });
});

const TWO =
  "a20692010a110a076f72672e666f6f12036261721a013012280a047365656e12200a15696f2e737461746566756e2e74797065732f696e7410011a050d290000001a2e0a090a01701201711a013712210a18696f2e737461746566756e2e74797065732f737472696e6710011a030a01611a2312210a18696f2e737461746566756e2e74797065732f737472696e6710011a030a0162";

test("a request with two messages keeps their order, callers and the value", () => {
  const text = (value: string) => ({ typename: string.typename, bytes: string.encode(value) });
  expect(readRequest(fromHex(TWO))).toEqual({
    target: { type: "org.foo/bar", id: "0" },
    values: new Map([["seen", { typename: int.typename, bytes: int.encode(41) }]]),
    invocations: [
      { caller: { type: "p/q", id: "7" }, argument: text("a") },
      { argument: text("b") },
    ],
  });
});

test("a request that asks for nothing is read as nothing, and other bytes are refused", () => {
  expect(readRequest(new Uint8Array())).toBeUndefined();
  expect(() => readRequest(fromHex("a206"))).toThrow(/INVALID_INPUT.*not Protobuf/);
  expect(() => readRequest(fromHex("a20600"))).toThrow(/names no target/);
});

const NOTHING = { messages: [], delayed: [], egress: [], mutations: [] };
const number = (value: number) => ({ typename: int.typename, bytes: int.encode(value) });

test.each([
  ["no effects", NOTHING, "a20600"],
  [
    "a deleted value",
    { ...NOTHING, mutations: [{ name: "seen", value: null }] },
    "a206080a0612047365656e",
  ],
  [
    "a changed value and two messages",
    {
      ...NOTHING,
      mutations: [{ name: "seen", value: number(43) }],
      messages: [
        { target: { type: "x/y", id: "7" }, argument: number(42) },
        { target: { type: "x/y", id: "none" }, argument: number(43) },
      ],
    },
    "a2068d010a2a080112047365656e1a200a15696f2e737461746566756e2e74797065732f696e7410011a050d2b000000122d0a090a01781201791a013712200a15696f2e737461746566756e2e74797065732f696e7410011a050d2a00000012300a0c0a01781201791a046e6f6e6512200a15696f2e737461746566756e2e74797065732f696e7410011a050d2b000000",
  ],
])("a response with %s has the bytes of the other SDKs", (_, response, hex) => {
  expect(toHex(writeResponse(response))).toBe(hex);
});

test("a request for values that are missing has the bytes of the other SDKs", () => {
  const bytes = writeMissingValues([
    { name: "b", typename: string.typename, expiration: { after: "write", ms: 2_000 } },
    { name: "c", typename: string.typename, expiration: { after: "call", ms: 5 } },
  ]);
  expect(toHex(bytes)).toBe(
    "aa064b0a240a01621205080110d00f1a18696f2e737461746566756e2e74797065732f737472696e670a230a01631204080210051a18696f2e737461746566756e2e74797065732f737472696e67",
  );
});
