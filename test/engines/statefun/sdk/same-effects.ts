import { json } from "handback/statefun";
import { decodeAnswer } from "../support/exchange.ts";
import type { TestAnswer, TestRequest, Typed } from "../support/exchange.ts";
import { toHex } from "../../../../src/core/crypto/hex.ts";

/**
 * Returns the effects of an answer in a form to compare. Changes that change nothing are left out:
 * other SDKs write a value that stays the same, and delete a value that is absent. JSON is compared
 * as a value, because languages write it with other spaces.
 */
export function effectsOf(answer: Uint8Array, { values = {} }: TestRequest): unknown {
  const { messages, delayed, egress, mutations } = decodeAnswer(answer);
  const effects: TestAnswer = { messages, delayed, egress, mutations };
  const changes = Object.entries(mutations).filter(([name, value]) => {
    const before = values[name];
    return value === null ? before !== undefined : !isSame(value, before);
  });
  return {
    ...effects,
    messages: messages.map(readable),
    delayed: delayed.map(readable),
    egress: egress.map(readable),
    mutations: Object.fromEntries(changes.map(([name, value]) => [name, value && show(value)])),
  };
}

/** Tells whether an answer has a change that changes nothing. */
export function hasIdleChange(answer: Uint8Array, request: TestRequest): boolean {
  const { mutations } = decodeAnswer(answer);
  return Object.entries(mutations).some(([name, value]) => {
    const before = request.values?.[name];
    return value === null ? before === undefined : isSame(value, before);
  });
}

function isSame(one: Typed, other: Typed | undefined): boolean {
  return other !== undefined && show(one) === show(other);
}

function readable<Sent extends { readonly argument?: Typed }>(sent: Sent): object {
  return sent.argument === undefined ? sent : { ...sent, argument: show(sent.argument) };
}

function show({ typename, bytes }: Typed): string {
  return typename === "test/record"
    ? `${typename} ${JSON.stringify(json<unknown>(typename).decode(bytes))}`
    : `${typename} ${toHex(bytes)}`;
}
