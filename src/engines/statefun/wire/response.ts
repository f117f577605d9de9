import { create, toBinary } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Address } from "../../../core/message/address.ts";
import {
  FromFunction_ExpirationSpec_ExpireMode as ExpireMode,
  FromFunction_PersistedValueMutation_MutationType as MutationType,
  FromFunctionSchema,
} from "./generated/request-reply_pb.ts";
import type {
  AddressSchema,
  FromFunction_DelayedInvocationSchema,
  FromFunction_ExpirationSpecSchema,
  TypedValueSchema,
} from "./generated/request-reply_pb.ts";
import type { TypedBytes } from "./request.ts";
import { splitTypename } from "./typename.ts";

/** A message to another function. */
export interface OutgoingMessage {
  readonly target: Address;
  readonly argument: TypedBytes;
}

/** A message for later, or the cancellation of such a message by its token. */
export type DelayedMessage =
  | (OutgoingMessage & {
      /** A whole number of ms, 0 at least. */
      readonly delayMs: number;
      /** Empty: nothing can cancel the message. */
      readonly token: string;
    })
  | { readonly cancel: string };

/** A value for an egress. */
export interface EgressRecord {
  /** Type of the egress, `namespace/name`. */
  readonly egress: string;
  readonly argument: TypedBytes;
}

/** A changed value of the address. `null` deletes it. */
export interface Mutation {
  readonly name: string;
  readonly value: TypedBytes | null;
}

/** All effects of a batch. The cluster applies them together, in the order of these fields. */
export interface BatchResponse {
  readonly messages: readonly OutgoingMessage[];
  readonly delayed: readonly DelayedMessage[];
  readonly egress: readonly EgressRecord[];
  readonly mutations: readonly Mutation[];
}

/** Expiry of a registered value: a time after it was written, or after its function was called. */
export interface Expiration {
  readonly after: "write" | "call";
  readonly ms: number;
}

/** A value that a function has, for the cluster to register. */
export interface ValueRegistration {
  readonly name: string;
  readonly typename: string;
  readonly expiration?: Expiration;
}

/** Encodes the effects of a batch. */
export function writeResponse({ messages, delayed, egress, mutations }: BatchResponse): Uint8Array {
  return toBinary(
    FromFunctionSchema,
    create(FromFunctionSchema, {
      response: {
        case: "invocationResult",
        value: {
          stateMutations: mutations.map(({ name, value }) =>
            value === null
              ? { mutationType: MutationType.DELETE, stateName: name }
              : {
                  mutationType: MutationType.MODIFY,
                  stateName: name,
                  stateValue: writeTypedBytes(value),
                },
          ),
          outgoingMessages: messages.map(writeMessage),
          delayedInvocations: delayed.map(writeDelayed),
          outgoingEgresses: egress.map(({ egress, argument }) => {
            const { namespace, name } = splitTypename(egress);
            return {
              egressNamespace: namespace,
              egressType: name,
              argument: writeTypedBytes(argument),
            };
          }),
        },
      },
    }),
  );
}

/** Encodes a request for values that the cluster did not send. It sends the batch again with them. */
export function writeMissingValues(missing: readonly ValueRegistration[]): Uint8Array {
  return toBinary(
    FromFunctionSchema,
    create(FromFunctionSchema, {
      response: {
        case: "incompleteInvocationContext",
        value: {
          missingValues: missing.map(({ name, typename, expiration }) => ({
            stateName: name,
            typeTypename: typename,
            ...(expiration !== undefined && { expirationSpec: writeExpiration(expiration) }),
          })),
        },
      },
    }),
  );
}

/** Encodes the answer to a request that asks for nothing. */
export function writeNothing(): Uint8Array {
  return new Uint8Array();
}

type Init<Schema extends Parameters<typeof create>[0]> = MessageInitShape<Schema>;

function writeMessage({ target, argument }: OutgoingMessage): {
  target: Init<typeof AddressSchema>;
  argument: Init<typeof TypedValueSchema>;
} {
  return { target: writeAddress(target), argument: writeTypedBytes(argument) };
}

function writeDelayed(delayed: DelayedMessage): Init<typeof FromFunction_DelayedInvocationSchema> {
  if ("cancel" in delayed)
    return { isCancellationRequest: true, cancellationToken: delayed.cancel };
  return {
    ...writeMessage(delayed),
    delayInMs: BigInt(delayed.delayMs),
    cancellationToken: delayed.token,
  };
}

function writeExpiration({
  after,
  ms,
}: Expiration): Init<typeof FromFunction_ExpirationSpecSchema> {
  const mode = after === "write" ? ExpireMode.AFTER_WRITE : ExpireMode.AFTER_INVOKE;
  return { mode, expireAfterMillis: BigInt(ms) };
}

/** Writes an address. */
export function writeAddress({ type, id }: Address): Init<typeof AddressSchema> {
  const { namespace, name } = splitTypename(type);
  return { namespace, type: name, id };
}

/** Writes a value with the name of its type. */
export function writeTypedBytes({ typename, bytes }: TypedBytes): Init<typeof TypedValueSchema> {
  return { typename, hasValue: true, value: bytes };
}
