import { fromBinary } from "@bufbuild/protobuf";
import {
  bool,
  double,
  int,
  json,
  kafkaRecord,
  kinesisRecord,
  long,
  requestReply,
  string,
} from "handback/statefun";
import type { MessageType, RequestReplyOptions } from "handback/statefun";
import { ToFunction_InvocationSchema } from "../../../../src/engines/statefun/wire/generated/request-reply_pb.ts";
import { exchange } from "./exchange.ts";
import type { TestRequest, Typed } from "./exchange.ts";

/** Encodes a value of a type. */
export function of<Value>(type: MessageType<Value>, value: Value): Typed {
  return { typename: type.typename, bytes: type.encode(value) };
}

/** A message: its target, and its value with the name of its type. */
type Sent = readonly [to: string, type: string, value: unknown];

/** The effects of a batch, with decoded values. */
export interface Effects {
  readonly messages: readonly Sent[];
  readonly delayed: readonly (
    | { readonly cancel: string }
    | { readonly sent: Sent; readonly delayMs: number; readonly token?: string }
  )[];
  readonly egress: readonly Sent[];
  /** Changed values by name. `null` for a deleted one. */
  readonly state: Readonly<Record<string, unknown>>;
  /** The codes of dead letters, or the names of errors without a code. */
  readonly dead: readonly string[];
}

const TYPES = [bool, int, long, double, string, kafkaRecord, kinesisRecord];
/** The egress that takes dead letters in these tests. */
export const DEAD = "shop/dead";

/** Options for functions of tests, which may send to `mail/*` and to the egress `shop/out`. */
export const OPTIONS: RequestReplyOptions = {
  remotes: ["mail/*"],
  egresses: ["shop/out", DEAD],
  deadLetters: DEAD,
};

/** Runs a batch of messages with a function, as a cluster does, and returns its effects. */
export async function runBatch(
  face: object,
  request: Partial<TestRequest> & Pick<TestRequest, "invocations">,
  options: RequestReplyOptions = OPTIONS,
): Promise<Effects> {
  const { handle } = requestReply({ functions: [face], ...options });
  return runWith(handle, { target: `${(face as { readonly type: string }).type}/1`, ...request });
}

/** Sends a batch to a module, and returns its effects. */
export async function runWith(
  handle: (bytes: Uint8Array) => Promise<Uint8Array>,
  request: TestRequest,
): Promise<Effects> {
  const { messages, delayed, egress, mutations } = await exchange(handle, request);
  const letters = egress.filter(({ to }) => to === DEAD);
  return {
    messages: messages.map(({ to, argument }) => sent(to, argument)),
    delayed: delayed.map(({ to = "", argument, delayMs = 0, token, cancel }) =>
      cancel !== undefined
        ? { cancel }
        : { sent: sent(to, argument), delayMs, ...(token !== undefined && { token }) },
    ),
    egress: egress.filter(({ to }) => to !== DEAD).map(({ to, argument }) => sent(to, argument)),
    state: Object.fromEntries(
      Object.entries(mutations).map(([name, value]) => [name, value && decode(value)]),
    ),
    dead: letters.map(({ argument }) => {
      const { failure } = decode(argument) as { failure: { name: string; code?: string } };
      return failure.code ?? failure.name;
    }),
  };
}

function sent(to: string, argument: Typed | undefined): Sent {
  return [to, argument?.typename ?? "", argument && decode(argument)];
}

/** Decodes a value. One of an unknown type is read as JSON. */
function decode(value: Typed): unknown {
  if (value.typename === "handback/relayed") {
    const { caller, argument } = fromBinary(ToFunction_InvocationSchema, value.bytes);
    const from = caller && `${caller.namespace}/${caller.type}/${caller.id}`;
    const inside = { typename: argument?.typename ?? "", bytes: argument?.value ?? value.bytes };
    return { from, value: decode(inside) };
  }
  const known = TYPES.find(({ typename }) => typename === value.typename);
  return (known ?? json(value.typename)).decode(value.bytes);
}
