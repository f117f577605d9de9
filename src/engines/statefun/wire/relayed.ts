import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { HandbackError } from "../../../core/errors/errors.ts";
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

/**
 * Returns the message inside one of {@link writeRelayed}, and any other as it is. A damaged one stays
 * as it is, too, so that the messages beside it count. {@link checkUnwrapped} refuses it.
 */
export function readRelayed(invocation: Invocation): Invocation {
  const { argument } = invocation;
  if (argument?.typename !== RELAYED_TYPE) return invocation;
  try {
    return unwrap(argument);
  } catch {
    return invocation;
  }
}

/** Checks a message that {@link readRelayed} returned. @throws `INVALID_INPUT` if it is damaged */
export function checkUnwrapped({ argument }: Invocation): void {
  if (argument?.typename !== RELAYED_TYPE) return;
  let cause: unknown;
  try {
    unwrap(argument);
  } catch (error) {
    cause = error;
  }
  const why = "a message that was sent again cannot be read: it is damaged, or holds another one";
  throw new HandbackError("INVALID_INPUT", why, { ...(cause !== undefined && { cause }) });
}

function unwrap({ bytes }: TypedBytes): Invocation {
  return readInvocation(fromBinary(ToFunction_InvocationSchema, bytes));
}
