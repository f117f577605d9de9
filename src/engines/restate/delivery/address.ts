import type { NamedValue, Reply } from "../../../core/activation/effects.ts";
import type { ObjectJournal } from "../journal/journal.ts";
import { readAddressKey } from "../wire/address-key.ts";
import { readDelivery } from "../wire/delivery.ts";
import type { Delivery, PrintedDelivery } from "../wire/delivery.ts";
import type { PrintedEffects } from "../wire/printed-effects.ts";
import { AddressState } from "./address-state.ts";
import type { Listener } from "./address-state.ts";
import { applyEffects, parkMessage } from "./apply.ts";
import { planCollection } from "./collection.ts";
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
  state.forgetDelivered(delivery);
  const result = await runStep(functions, journal, delivery, state);
  if ("parked" in result) return parkMessage(functions, journal, delivery, result);
  await applyEffects(functions, journal, takeReply(result.effects), state);
  saveState(functions, journal, state, result.at);
}

/** Reads the stored values of an address. They are of one instant, unless the state is read lazily. */
export async function readAddress(
  journal: Pick<ObjectJournal, "read">,
): Promise<readonly NamedValue[]> {
  const { values } = await AddressState.load(journal);
  return Array.from(values, ([name, value]) => ({ name, value }));
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
  planCollection(functions, journal, state);
  state.save(journal);
}
