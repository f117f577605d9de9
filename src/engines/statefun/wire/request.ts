import { fromBinary } from "@bufbuild/protobuf";
import type { Address } from "../../../core/message/address.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { ToFunctionSchema } from "./generated/request-reply_pb.ts";
import type {
  Address as WireAddress,
  ToFunction_Invocation,
} from "./generated/request-reply_pb.ts";

/** A value with the name of its type. `bytes` may be empty: that is a value, too. */
export interface TypedBytes {
  readonly typename: string;
  readonly bytes: Uint8Array;
}

/** One message of a batch. */
export interface Invocation {
  /** Absent if the message comes from an ingress. */
  readonly caller?: Address;
  /** Absent if the sender set no value. */
  readonly argument?: TypedBytes;
}

/** A request of the cluster: messages for one address, in order, with its values. */
export interface BatchRequest {
  readonly target: Address;
  /** The registered values by name. `undefined` for one that is not set. */
  readonly values: ReadonlyMap<string, TypedBytes | undefined>;
  readonly invocations: readonly Invocation[];
}

/**
 * Decodes a request. Returns `undefined` for one that asks for nothing.
 * @throws `INVALID_INPUT` if the bytes are no request
 */
export function readRequest(bytes: Uint8Array): BatchRequest | undefined {
  const { request } = decodeRequest(bytes);
  if (request.case !== "invocation") return undefined;
  const { target, state, invocations } = request.value;
  if (target === undefined) throw malformed("it names no target");
  return {
    target: readAddress(target),
    values: new Map(
      state.map(({ stateName, stateValue }) => [stateName, readTypedValue(stateValue)]),
    ),
    invocations: invocations.map(readInvocation),
  };
}

/** Reads one message of a batch. */
export function readInvocation({ caller, argument }: ToFunction_Invocation): Invocation {
  const value = readTypedValue(argument);
  return {
    ...(caller !== undefined && !isBlank(caller) && { caller: readAddress(caller) }),
    ...(value !== undefined && { argument: value }),
  };
}

function decodeRequest(bytes: Uint8Array): ReturnType<typeof fromBinary<typeof ToFunctionSchema>> {
  try {
    return fromBinary(ToFunctionSchema, bytes);
  } catch (cause) {
    throw malformed("its bytes are not Protobuf", cause);
  }
}

function readAddress({ namespace, type, id }: WireAddress): Address {
  return { type: `${namespace}/${type}`, id };
}

/** Tells whether an address has no part set, as some clusters write an absent caller. */
function isBlank({ namespace, type, id }: WireAddress): boolean {
  return namespace === "" && type === "" && id === "";
}

function readTypedValue(
  typed:
    | { readonly typename: string; readonly hasValue: boolean; readonly value: Uint8Array }
    | undefined,
): TypedBytes | undefined {
  return typed?.hasValue === true ? { typename: typed.typename, bytes: typed.value } : undefined;
}

function malformed(why: string, cause?: unknown): HandbackError {
  return new HandbackError("INVALID_INPUT", `a request of the cluster cannot be read: ${why}`, {
    ...(cause !== undefined && { cause }),
  });
}
