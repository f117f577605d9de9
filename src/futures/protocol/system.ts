import type { Activation } from "../../core/activation/activation.ts";
import type { Address } from "../../core/message/address.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Json } from "../../core/data/json.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { FLOW_DIGITS } from "../../core/message/message-id.ts";

/** The system functions that futures are made of. All are pure. */
export const SYSTEM = {
  flow: "_sys/flow",
  cell: "_sys/cell",
  join: "_sys/join",
  wait: "_sys/wait",
  timer: "_sys/timer",
  event: "_sys/event",
  race: "_sys/race",
} as const;

/** The address of a system function's instance. */
export function systemAddress(kind: keyof typeof SYSTEM, id: string): Address {
  return { type: SYSTEM[kind], id };
}

/** A message to a system function. */
interface SystemMessage {
  readonly target: Address;
  readonly name: string;
  readonly control: Json;
  readonly payload?: Encoded;
  /** The instance is named after this activation, and is told the first thing ever. */
  readonly fresh?: true | undefined;
}

/** Tells a system function something. Not kept by engines that run it in the batch that caused it, so its id need not be unique. */
export function sendSystemMessage(
  activation: Activation,
  { target, name, control, payload = UNDEFINED, fresh }: SystemMessage,
): void {
  activation.send({ id: activation.envelope.id, target, name, payload, control, fresh });
}

/** When a message is delivered, and what it is cancelled by or with. */
interface Schedule {
  readonly id: MessageId;
  readonly dueAt: number;
  readonly token?: string;
  readonly scope?: string | undefined;
}

/** Tells a system function something at an instant, unless `token` is cancelled, or `scope` is, before. */
export function scheduleSystemMessage(
  activation: Activation,
  { target, name, control, payload = UNDEFINED }: SystemMessage,
  { id, dueAt, token, scope }: Schedule,
): void {
  activation.send({ id, target, name, payload, control, scope }, dueAt, token);
}

/** Whether an id was made by the system for a state created without one: `@` and a message id. */
export function isGeneratedId(id: string): boolean {
  return id.length === 1 + FLOW_DIGITS + 24 && /^@[0-9a-f]+$/.test(id);
}
