import { create } from "@bufbuild/protobuf";
import {
  BoolValueSchema,
  BytesValueSchema,
  Int32ValueSchema,
  StringValueSchema,
} from "@bufbuild/protobuf/wkt";
import { kafkaRecord, kinesisRecord, protobuf } from "handback/statefun";
import { toHex } from "../../../../src/core/crypto/hex.ts";
import { exchange } from "../../../engines/statefun/support/exchange.ts";
import type { Typed } from "../../../engines/statefun/support/exchange.ts";

/** Requests and effects as plain data, which do not depend on a protocol. */

/** A value with the name of its Protobuf type, or a record of an egress. */
export type PlainValue = readonly [type: string, value: unknown];

/** A batch of messages for one address. */
export interface PlainRequest {
  readonly target: string;
  readonly state: Readonly<Record<string, PlainValue | null>>;
  readonly invocations: readonly {
    readonly caller?: string | undefined;
    readonly argument: PlainValue;
  }[];
}

/** The effects of a batch. */
export interface PlainEffects {
  readonly messages: readonly (readonly [to: string, value: PlainValue])[];
  readonly delayed: readonly (readonly [to: string, value: PlainValue, delayMs: number])[];
  readonly egress: readonly (readonly [to: string, value: PlainValue])[];
  /** Changed values. `null` for a deleted one. */
  readonly state: Readonly<Record<string, PlainValue | null>>;
}

export const boolValue = protobuf(BoolValueSchema);
export const bytesValue = protobuf(BytesValueSchema);
export const int32Value = protobuf(Int32ValueSchema);
export const stringValue = protobuf(StringValueSchema);

export const BOOL = BoolValueSchema.typeName;
export const BYTES = BytesValueSchema.typeName;
export const INT32 = Int32ValueSchema.typeName;
export const STRING = StringValueSchema.typeName;

const PREFIX = "type.googleapis.com/";

/** Encodes a value in the bytes of its type. */
function encode([type, value]: PlainValue): Typed {
  const typename = `${PREFIX}${type}`;
  if (type === BOOL)
    return {
      typename,
      bytes: boolValue.encode(create(BoolValueSchema, { value: value === true })),
    };
  if (type === INT32)
    return {
      typename,
      bytes: int32Value.encode(create(Int32ValueSchema, { value: Number(value) })),
    };
  const text = String(value);
  const bytes =
    type === BYTES
      ? bytesValue.encode(create(BytesValueSchema, { value: new TextEncoder().encode(text) }))
      : stringValue.encode(create(StringValueSchema, { value: text }));
  return { typename, bytes };
}

function decode({ typename, bytes }: Typed): PlainValue {
  const type = typename.slice(PREFIX.length);
  if (typename === kafkaRecord.typename) {
    const { topic: to, key = "", value } = kafkaRecord.decode(bytes);
    return ["record", { to, key, value: toHex(value) }];
  }
  if (typename === kinesisRecord.typename) {
    const { stream: to, partitionKey: key, value } = kinesisRecord.decode(bytes);
    return ["record", { to, key, value: toHex(value) }];
  }
  const known = [boolValue, int32Value, stringValue].find((each) => each.typename === typename);
  if (known === undefined) throw new Error(`expected a known type, got ${typename}`);
  return [type, known.decode(bytes).value];
}

/** Sends a batch to functions of this library. */
export async function runPlain(
  handle: (request: Uint8Array) => Promise<Uint8Array>,
  { target, state, invocations }: PlainRequest,
): Promise<PlainEffects> {
  const values = Object.entries(state).map(
    ([name, value]) => [name, value && encode(value)] as const,
  );
  const answer = await exchange(handle, {
    target,
    values: Object.fromEntries(values.map(([name, value]) => [name, value ?? undefined])),
    invocations: invocations.map(({ caller, argument }) => ({
      argument: encode(argument),
      ...(caller !== undefined && { caller }),
    })),
  });
  const plain = (value: Typed | undefined): PlainValue =>
    decode(value ?? { typename: "", bytes: new Uint8Array() });
  return {
    messages: answer.messages.map(({ to, argument }) => [to, plain(argument)]),
    delayed: answer.delayed.map(({ to = "", argument, delayMs = 0 }) => [
      to,
      plain(argument),
      delayMs,
    ]),
    egress: answer.egress.map(({ to, argument }) => [to, plain(argument)]),
    state: Object.fromEntries(
      Object.entries(answer.mutations).map(([name, value]) => [name, value && decode(value)]),
    ),
  };
}

/** Leaves out the changes that change nothing: only other SDKs write them. */
export function withoutIdleChanges(effects: PlainEffects, { state }: PlainRequest): PlainEffects {
  const changes = Object.entries(effects.state).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(state[name] ?? null),
  );
  return { ...effects, state: Object.fromEntries(changes) };
}
