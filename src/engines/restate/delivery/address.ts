import type { Reply } from "../../../core/activation/effects.ts";
import { AGE_OUT_VALUE } from "../../../core/activation/age-out.ts";
import type { ObjectJournal } from "../journal/journal.ts";
import { readAddressKey } from "../wire/address-key.ts";
import { readDelivery } from "../wire/delivery.ts";
import type { Delivery, PrintedDelivery } from "../wire/delivery.ts";
import type { PrintedEffects } from "../wire/printed-effects.ts";
import { AddressState } from "./address-state.ts";
import type { Listener } from "./address-state.ts";
import { applyEffects, parkMessage } from "./apply.ts";
import type { HostedFunctions } from "./functions.ts";
import { runStep } from "./step.ts";

/** A request of a client. */
export type Question = {
  readonly delivery: PrintedDelivery;
  /** Key of the reply to it. */
  readonly reply: string;
  /** Key of the reply that the work which it starts causes in the end. */
  readonly outcome?: string | undefined;
};

/** The reply to a question, unless another address gives it later. */
export type Answer = { readonly reply?: Reply };

/** Handles messages at an address that has state, or that other messages may go to. */
export async function deliverToAddress(
  functions: HostedFunctions,
  journal: ObjectJournal,
  messages: readonly PrintedDelivery[],
): Promise<void> {
  for (const printed of messages)
    await handleAtAddress(functions, journal, readDelivery(printed), (effects) => effects);
}

/** Takes over the state of an address that an invocation has held in memory until now. */
export function adoptState(
  functions: HostedFunctions,
  journal: ObjectJournal,
  printed: string,
): void {
  const state = AddressState.read(printed);
  planCollection(functions, journal, state);
  state.save(journal);
}

/** Forgets what is past, and writes the state to its object. */
export function saveState(
  functions: HostedFunctions,
  journal: ObjectJournal,
  state: AddressState,
  at: number,
): void {
  state.forgetPast(at);
  planCollection(functions, journal, state);
  state.save(journal);
}

/** Handles a request of a client, and returns the reply if this address gives it at once. */
export async function askAddress(
  functions: HostedFunctions,
  journal: ObjectJournal,
  { delivery, reply: key }: Question,
): Promise<Answer> {
  let answer: Answer = {};
  await handleAtAddress(functions, journal, readDelivery(delivery), (effects) => {
    const reply = effects.replies.find((each) => each.key === key);
    if (reply === undefined) return effects;
    answer = { reply };
    return { ...effects, replies: effects.replies.filter((each) => each !== reply) };
  });
  return answer;
}

async function handleAtAddress(
  functions: HostedFunctions,
  journal: ObjectJournal,
  delivery: Delivery,
  takeReply: (effects: PrintedEffects) => PrintedEffects,
): Promise<void> {
  const state = await AddressState.load(journal);
  if (delivery.token !== undefined && delivery.envelope.caller?.id === delivery.envelope.target.id)
    state.delayed.delete(delivery.token);
  const result = await runStep(functions, journal, delivery, state);
  if ("parked" in result) return parkMessage(functions, journal, delivery, result);
  await applyEffects(functions, journal, takeReply(result.effects), state);
  saveState(functions, journal, state, result.at);
}

/** Wakes a client up when the address gives a reply, or at once if it has given it before. */
export async function listenAtAddress(
  functions: HostedFunctions,
  journal: ObjectJournal,
  listener: Listener,
): Promise<void> {
  const state = await AddressState.load(journal);
  const address = readAddressKey(journal.key);
  const standing = functions.standingReply(address, listener.reply, state);
  if (standing !== undefined) return journal.wake(listener.sleeper, JSON.stringify(standing));
  state.forgetPast(listener.at);
  state.listeners = [...state.listeners, listener];
  state.save(journal);
}

/** Deletes the values that have expired by an instant. */
export async function collectAtAddress(
  functions: HostedFunctions,
  journal: ObjectJournal,
  { at }: { readonly at: number },
): Promise<void> {
  const state = await AddressState.load(journal);
  // A value with an earlier instant has sent a message of its own, which goes on for all.
  if (state.collectAt !== at) return;
  for (const name of state.names) {
    const expiresAt = state.read(name)?.expiresAt;
    if (name !== AGE_OUT_VALUE && expiresAt !== undefined && expiresAt <= at)
      state.write({ name, value: null });
  }
  state.collectAt = undefined;
  planCollection(functions, journal, state);
  state.save(journal);
}

/** Sends this address a message for the instant at which its next value expires. */
function planCollection(
  functions: HostedFunctions,
  journal: ObjectJournal,
  state: AddressState,
): void {
  const next = state.nextExpiry();
  if (next === undefined || (state.collectAt !== undefined && state.collectAt <= next)) return;
  state.collectAt = next;
  const to = { service: functions.names.address, key: journal.key, handler: "collect" };
  journal.send(to, JSON.stringify({ at: next }), functions.delayUntil(next));
}
