import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { ToFunction_InvocationSchema } from "./generated/request-reply_pb.ts";
import { readInvocation } from "./request.ts";
import type { Invocation, TypedBytes } from "./request.ts";
import { writeAddress, writeTypedBytes } from "./response.ts";

/** Type of a message of another library that was sent again, with its caller. */
const RELAYED_TYPE = "handback/relayed";

/**
 * Writes a message with its caller, to be sent again by its own function. Alone, it would come back
 * with the function itself as its caller.
 */
export function writeRelayed({ caller, argument }: Invocation): TypedBytes {
  const invocation = create(ToFunction_InvocationSchema, {
    ...(caller !== undefined && { caller: writeAddress(caller) }),
    ...(argument !== undefined && { argument: writeTypedBytes(argument) }),
  });
  return { typename: RELAYED_TYPE, bytes: toBinary(ToFunction_InvocationSchema, invocation) };
}

/** Returns the message inside one of {@link writeRelayed}, and any other as it is. */
export function readRelayed(invocation: Invocation): Invocation {
  const { argument } = invocation;
  if (argument?.typename !== RELAYED_TYPE) return invocation;
  try {
    return readInvocation(fromBinary(ToFunction_InvocationSchema, argument.bytes));
  } catch {
    return invocation;
  }
}
