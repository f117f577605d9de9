import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FromFunctionSchema,
  ToFunctionSchema,
} from "../../../../src/engines/statefun/wire/generated/request-reply_pb.ts";
import type {
  Address as WireAddress,
  FromFunction_PersistedValueSpec,
  TypedValue,
} from "../../../../src/engines/statefun/wire/generated/request-reply_pb.ts";

/** A value with the name of its type. */
export interface Typed {
  readonly typename: string;
  readonly bytes: Uint8Array;
}

/** A request in plain data. Addresses are written as `namespace/name/id`. */
export interface TestRequest {
  readonly target: string;
  readonly values?: Readonly<Record<string, Typed | undefined>>;
  readonly invocations: readonly { readonly caller?: string; readonly argument?: Typed }[];
}

/** An answer in plain data. */
export interface TestAnswer {
  /** Names of values that the answer asks for. */
  readonly missing?: readonly FromFunction_PersistedValueSpec[];
  readonly messages: readonly { readonly to: string; readonly argument: Typed }[];
  readonly delayed: readonly {
    readonly to?: string;
    readonly argument?: Typed;
    readonly delayMs?: number;
    readonly token?: string;
    readonly cancel?: string;
  }[];
  readonly egress: readonly { readonly to: string; readonly argument: Typed }[];
  readonly mutations: Readonly<Record<string, Typed | null>>;
}

/** Encodes a request as a cluster does. */
export function encodeRequest({ target, values = {}, invocations }: TestRequest): Uint8Array {
  return toBinary(
    ToFunctionSchema,
    create(ToFunctionSchema, {
      request: {
        case: "invocation",
        value: {
          target: splitAddress(target),
          state: Object.entries(values).map(([stateName, value]) => ({
            stateName,
            ...(value !== undefined && { stateValue: encodeTyped(value) }),
          })),
          invocations: invocations.map(({ caller, argument }) => ({
            ...(caller !== undefined && { caller: splitAddress(caller) }),
            ...(argument !== undefined && { argument: encodeTyped(argument) }),
          })),
        },
      },
    }),
  );
}

/** Decodes an answer. */
export function decodeAnswer(bytes: Uint8Array): TestAnswer {
  const { response } = fromBinary(FromFunctionSchema, bytes);
  const nothing = { messages: [], delayed: [], egress: [], mutations: {} };
  if (response.case === "incompleteInvocationContext")
    return { ...nothing, missing: response.value.missingValues };
  if (response.case === undefined) return nothing;
  const { outgoingMessages, delayedInvocations, outgoingEgresses, stateMutations } = response.value;
  return {
    messages: outgoingMessages.map(({ target, argument }) => ({
      to: joinAddress(target),
      argument: decodeTyped(argument),
    })),
    delayed: delayedInvocations.map((delayed) =>
      delayed.isCancellationRequest
        ? { cancel: delayed.cancellationToken }
        : {
            to: joinAddress(delayed.target),
            argument: decodeTyped(delayed.argument),
            delayMs: Number(delayed.delayInMs),
            ...(delayed.cancellationToken !== "" && { token: delayed.cancellationToken }),
          },
    ),
    egress: outgoingEgresses.map(({ egressNamespace, egressType, argument }) => ({
      to: `${egressNamespace}/${egressType}`,
      argument: decodeTyped(argument),
    })),
    mutations: Object.fromEntries(
      stateMutations.map(({ stateName, mutationType, stateValue }) => [
        stateName,
        mutationType === 0 ? null : decodeTyped(stateValue),
      ]),
    ),
  };
}

/**
 * Sends a batch as a cluster does: if the answer asks for values, they are registered and the batch
 * is sent again.
 */
export async function exchange(
  handle: (bytes: Uint8Array) => Promise<Uint8Array>,
  request: TestRequest,
): Promise<TestAnswer> {
  const first = decodeAnswer(await handle(encodeRequest(request)));
  if (first.missing === undefined) return first;
  const registered = Object.fromEntries(
    first.missing.map(({ stateName }) => [stateName, undefined]),
  );
  const values = { ...registered, ...request.values };
  return decodeAnswer(await handle(encodeRequest({ ...request, values })));
}

function splitAddress(text: string): Pick<WireAddress, "namespace" | "type" | "id"> {
  const [namespace = "", type = "", ...id] = text.split("/");
  return { namespace, type, id: id.join("/") };
}

function joinAddress(address: WireAddress | undefined): string {
  return address === undefined ? "" : `${address.namespace}/${address.type}/${address.id}`;
}

function encodeTyped({ typename, bytes }: Typed): {
  typename: string;
  hasValue: boolean;
  value: Uint8Array;
} {
  return { typename, hasValue: true, value: bytes };
}

function decodeTyped(typed: TypedValue | undefined): Typed {
  return { typename: typed?.typename ?? "", bytes: typed?.value ?? new Uint8Array() };
}
