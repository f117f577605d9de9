import type { Activation } from "../../core/activation/activation.ts";
import type { Definition } from "../../core/activation/definition.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Json } from "../../core/data/json.ts";
import { PAUSE_TYPE } from "../../core/engine/pauses.ts";
import type { Address } from "../../core/message/address.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import type { Messages } from "./messages.ts";

/** The function types of the system functions with messages of their own. All are pure. */
export const SYSTEM = {
  flow: "_sys/flow",
  cell: "_sys/cell",
  timer: "_sys/timer",
  pausedCall: "_sys/paused-call",
  event: "_sys/event",
  keptEvent: "_sys/kept-event",
  signalKeys: "_sys/signal-keys",
  secret: "_sys/secret",
  pause: PAUSE_TYPE,
  process: "_sys/process",
} as const satisfies Readonly<Record<keyof Messages, string>>;

/** Returns the address of a system function's instance. */
export function systemAddress(kind: keyof Messages, id: string): Address {
  return { type: SYSTEM[kind], id };
}

/** A message to a system function, typed by the function and the message's name. */
export interface SystemMessage<
  Kind extends keyof Messages,
  Name extends keyof Messages[Kind] & string,
> {
  readonly to: Kind;
  readonly id: string;
  readonly name: Name;
  readonly control: Messages[Kind][Name] & Json;
  readonly payload?: Encoded;
  /** The instance is named after this activation, and this is its first message. */
  readonly fresh?: true | undefined;
}

/**
 * Sends a message to a system function. An engine that runs system functions in the batch that
 * caused them never stores it, so its id need not be unique.
 */
export function sendSystemMessage<
  Kind extends keyof Messages,
  Name extends keyof Messages[Kind] & string,
>(activation: Activation, message: SystemMessage<Kind, Name>): void {
  const { to, id, name, control, payload, fresh } = message;
  sendControl(activation, { target: systemAddress(to, id), name, control, payload, fresh });
}

/** A message to any system function, its control data encoded as JSON. */
export interface ControlMessage {
  readonly target: Address;
  readonly name: string;
  readonly control: Json;
  readonly payload?: Encoded | undefined;
  readonly fresh?: true | undefined;
}

/** Sends a message to the instance of a system function that its sender knows by address. */
export function sendControl(
  activation: Activation,
  { target, name, control, payload = UNDEFINED, fresh }: ControlMessage,
): void {
  activation.send({ id: activation.envelope.id, target, name, payload, control, fresh });
}

/** The instant of a delayed message, and the token or scope that cancels it. */
export interface Schedule {
  readonly id: MessageId;
  readonly dueAt: number;
  readonly token?: string;
  readonly scope?: string | undefined;
}

/**
 * Sends a message to a system function at an instant, unless its token or its scope is canceled
 * before.
 */
export function scheduleControl(
  activation: Activation,
  { target, name, control, payload = UNDEFINED }: ControlMessage,
  { id, dueAt, token, scope }: Schedule,
): void {
  activation.send({ id, target, name, payload, control, scope }, dueAt, token);
}

/** Handlers for the messages of one system function, by name. */
export type MessageHandlers<Kind extends keyof Messages> = {
  readonly [Name in keyof Messages[Kind]]: (
    activation: Activation,
    control: Messages[Kind][Name],
  ) => void;
};

/** Makes a system function from one handler for each of its messages. */
export function systemFunction<Kind extends keyof Messages>(
  kind: Kind,
  valueNames: readonly string[],
  handlers: MessageHandlers<Kind>,
): Definition {
  const receivers = new Map<string, (activation: Activation) => void>();
  for (const name in handlers) receivers.set(name, receiverOf(handlers, name));
  const receive = (activation: Activation): void =>
    receivers.get(activation.envelope.name)?.(activation);
  return { type: SYSTEM[kind], valueNames, system: true, receive };
}

/** Makes the receiver of the messages of one name. Only their sender chose the type of their data. */
function receiverOf<Kind extends keyof Messages, Name extends keyof Messages[Kind]>(
  handlers: MessageHandlers<Kind>,
  name: Name,
): (activation: Activation) => void {
  const handle = handlers[name];
  return (activation) => handle(activation, activation.envelope.control as Messages[Kind][Name]);
}
