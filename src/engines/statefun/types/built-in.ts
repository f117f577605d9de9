import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  BooleanWrapperSchema,
  DoubleWrapperSchema,
  FloatWrapperSchema,
  IntWrapperSchema,
  LongWrapperSchema,
  StringWrapperSchema,
} from "../wire/generated/types_pb.ts";
import { checkedType } from "./checked-type.ts";
import type { MessageType } from "./message-type.ts";

const INT_LIMIT = 2 ** 31;
const LONG_LIMIT = 2n ** 63n;

/** Booleans, `io.statefun.types/bool`. */
export const bool: MessageType<boolean> = checkedType({
  typename: "io.statefun.types/bool",
  expected: "a boolean",
  isValue: (value) => typeof value === "boolean",
  encode: (value) => toBinary(BooleanWrapperSchema, create(BooleanWrapperSchema, { value })),
  decode: (bytes) => fromBinary(BooleanWrapperSchema, bytes).value,
});

/** Whole numbers of 32 bits with a sign, `io.statefun.types/int`. */
export const int: MessageType<number> = checkedType({
  typename: "io.statefun.types/int",
  expected: "a whole number from -2147483648 to 2147483647",
  isValue: (value) =>
    typeof value === "number" &&
    Number.isInteger(value) &&
    !Object.is(value, -0) &&
    value >= -INT_LIMIT &&
    value < INT_LIMIT,
  encode: (value) => toBinary(IntWrapperSchema, create(IntWrapperSchema, { value })),
  decode: (bytes) => fromBinary(IntWrapperSchema, bytes).value,
});

/** Whole numbers of 64 bits with a sign, `io.statefun.types/long`, as a `bigint`. */
export const long: MessageType<bigint> = checkedType({
  typename: "io.statefun.types/long",
  expected: "a bigint from -2^63 to 2^63 - 1",
  isValue: (value) => typeof value === "bigint" && value >= -LONG_LIMIT && value < LONG_LIMIT,
  encode: (value) => toBinary(LongWrapperSchema, create(LongWrapperSchema, { value })),
  decode: (bytes) => fromBinary(LongWrapperSchema, bytes).value,
});

/**
 * Numbers of 32 bits with a fraction, `io.statefun.types/float`. A number is rounded to the nearest
 * one.
 */
export const float: MessageType<number> = checkedType({
  typename: "io.statefun.types/float",
  expected: "a number within the range of 32 bits",
  isValue: (value) =>
    typeof value === "number" && (Number.isFinite(Math.fround(value)) || !Number.isFinite(value)),
  encode: (value) => toBinary(FloatWrapperSchema, create(FloatWrapperSchema, { value })),
  decode: (bytes) => fromBinary(FloatWrapperSchema, bytes).value,
});

/** Numbers of 64 bits with a fraction, `io.statefun.types/double`. */
export const double: MessageType<number> = checkedType({
  typename: "io.statefun.types/double",
  expected: "a number",
  isValue: (value) => typeof value === "number",
  encode: (value) => toBinary(DoubleWrapperSchema, create(DoubleWrapperSchema, { value })),
  decode: (bytes) => fromBinary(DoubleWrapperSchema, bytes).value,
});

/** Texts, `io.statefun.types/string`. */
export const string: MessageType<string> = checkedType({
  typename: "io.statefun.types/string",
  expected: "a string without half of a surrogate pair",
  isValue: (value) => typeof value === "string" && value.isWellFormed(),
  encode: (value) => toBinary(StringWrapperSchema, create(StringWrapperSchema, { value })),
  decode: (bytes) => fromBinary(StringWrapperSchema, bytes).value,
});
