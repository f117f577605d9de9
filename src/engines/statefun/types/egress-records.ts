import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  KafkaProducerRecordSchema,
  KinesisEgressRecordSchema,
} from "../wire/generated/egress_pb.ts";
import { checkedType } from "./checked-type.ts";
import { isBytes } from "./is-bytes.ts";
import type { MessageType } from "./message-type.ts";

/** A record for a Kafka egress. */
export interface KafkaRecord {
  readonly topic: string;
  /** Key of the record. Absent or empty: the record has none. */
  readonly key?: string;
  readonly value: Uint8Array;
}

/** A record for a Kinesis egress. */
export interface KinesisRecord {
  readonly stream: string;
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  readonly value: Uint8Array;
}

/** The type of the records that a Kafka egress takes. */
export const kafkaRecord: MessageType<KafkaRecord> = checkedType<KafkaRecord>({
  typename: `type.googleapis.com/${KafkaProducerRecordSchema.typeName}`,
  expected: "{ topic, key, value } with value as a Uint8Array",
  isValue: (value) => hasTexts(value, ["topic"], ["key"]),
  encode: ({ topic, key = "", value: valueBytes }) =>
    toBinary(
      KafkaProducerRecordSchema,
      create(KafkaProducerRecordSchema, { topic, key, valueBytes }),
    ),
  decode: (bytes) => {
    const { topic, key, valueBytes } = fromBinary(KafkaProducerRecordSchema, bytes);
    return { topic, ...(key !== "" && { key }), value: valueBytes };
  },
});

/** The type of the records that a Kinesis egress takes. */
export const kinesisRecord: MessageType<KinesisRecord> = checkedType<KinesisRecord>({
  typename: `type.googleapis.com/${KinesisEgressRecordSchema.typeName}`,
  expected: "{ stream, partitionKey, value } with value as a Uint8Array",
  isValue: (value) => hasTexts(value, ["stream", "partitionKey"], ["explicitHashKey"]),
  encode: ({ stream, partitionKey, explicitHashKey = "", value: valueBytes }) =>
    toBinary(
      KinesisEgressRecordSchema,
      create(KinesisEgressRecordSchema, { stream, partitionKey, explicitHashKey, valueBytes }),
    ),
  decode: (bytes) => {
    const record = fromBinary(KinesisEgressRecordSchema, bytes);
    const { stream, partitionKey, explicitHashKey, valueBytes } = record;
    return {
      stream,
      partitionKey,
      ...(explicitHashKey !== "" && { explicitHashKey }),
      value: valueBytes,
    };
  },
});

function hasTexts(value: unknown, needed: readonly string[], optional: readonly string[]): boolean {
  if (typeof value !== "object" || value === null || !("value" in value) || !isBytes(value.value))
    return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return (
    needed.every((name) => typeof fields[name] === "string" && fields[name] !== "") &&
    optional.every((name) => fields[name] === undefined || typeof fields[name] === "string")
  );
}
