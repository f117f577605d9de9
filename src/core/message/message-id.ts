import { digest } from "../crypto/digest.ts";

/**
 * Identifies a message: 16 hex digits of the flow's number (so that ids of one flow lie together, and newer flows later),
 * then 24 hex digits of a hash of where the message came from. A re-executed handler makes the same ids.
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

/** The number of the flow that a message belongs to. */
export function flowOf(id: MessageId): string {
  return id.slice(0, FLOW_DIGITS);
}

/** Whether a text is the number of the flow that a message belongs to. */
export function isFlowOf(id: MessageId, text: string): boolean {
  return text.length === FLOW_DIGITS && id.startsWith(text);
}

/** Makes the id of the thing of that name that message `parent` caused, in the given retry epoch. Many by number: {@link ChildIds}. */
export function childId(parent: MessageId, epoch: number, name: number | string): MessageId {
  return flowOf(parent) + digest(`${parent}/${epoch}/${name}`).slice(0, HASH_DIGITS);
}
