import { digest } from "../crypto/digest.ts";

/**
 * Identifies a message: 16 hex digits of the flow's number, so that the ids of a flow lie together
 * and newer flows later, then 24 hex digits of a hash of the message's origin. A handler that runs
 * again makes the same ids.
 */
export type MessageId = string;

/** Digits of the flow number at the head of an id. */
export const FLOW_DIGITS = 16;
const HASH_DIGITS = 24;
const NO_HASH = "0".repeat(HASH_DIGITS);

/** Shape of every message id. */
export const MESSAGE_ID = /^[0-9a-f]{40}$/;

/** Makes the id of the first message of flow `flow` (a number below 2^64, as 16 hex digits). */
export function rootId(flow: string): MessageId {
  return flow + NO_HASH;
}

/**
 * Returns the number of the flow that a message belongs to, or of the first one-way message that
 * caused it: its origin.
 */
export function flowOf(id: MessageId): string {
  return id.slice(0, FLOW_DIGITS);
}

/** Tells whether the system made the id, for a state created without one: `@` and a message id. */
export function isGeneratedId(id: string): boolean {
  return id.length === 1 + FLOW_DIGITS + HASH_DIGITS && /^@[0-9a-f]+$/.test(id);
}

/** Returns the origin of the message that made a state with a generated id. */
export function originOfState(generatedId: string): string {
  return generatedId.slice(1, 1 + FLOW_DIGITS);
}

/** Tells whether a text is the number of the message's flow. */
export function isFlowOf(id: MessageId, text: string): boolean {
  return text.length === FLOW_DIGITS && id.startsWith(text);
}

/**
 * Makes the id of a thing that message `parent` causes, by its name, in the given retry epoch. For
 * many by number: {@link ChildIds}.
 */
export function childId(parent: MessageId, epoch: number, name: number | string): MessageId {
  return flowOf(parent) + digest(`${parent}/${epoch}/${name}`).slice(0, HASH_DIGITS);
}
