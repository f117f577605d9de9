import type { Reply } from "../../../core/activation/effects.ts";
import { formatAddress } from "../../../core/message/address.ts";
import type { Journal } from "../journal/journal.ts";
import { printDelivery, readDelivery } from "../wire/delivery.ts";
import type { Delivery } from "../wire/delivery.ts";
import type { PrintedEffects, PrintedSend } from "../wire/printed-effects.ts";
import { LETTERS_KEY } from "../wire/recipient.ts";
import type { Recipient } from "../wire/recipient.ts";
import type { AddressState } from "./address-state.ts";
import type { HostedFunctions } from "./functions.ts";
import { keyOfTarget } from "./functions.ts";
import type { StepResult } from "./step.ts";

/** The prefix of the keys of replies to requests of clients, as opposed to those of flows. */
export const CLIENT_PREFIX = "client:";

/** Returns the handler that takes a message. Without a key, no other message goes to its address. */
export function recipientOf(
  { names }: Pick<HostedFunctions, "names">,
  key: string | undefined,
): Recipient {
  return key === undefined
    ? { service: names.call, handler: "deliver" }
    : { service: names.address, key, handler: "deliver" };
}

/** Applies effects in the order of their fields. `state` is absent at an address that has none. */
export async function applyEffects(
  functions: HostedFunctions,
  journal: Journal,
  effects: PrintedEffects,
  state?: AddressState,
): Promise<void> {
  for (const write of effects.writes) state?.write(write);
  for (const token of effects.cancels) cancelDelayed(journal, state, token);
  for (const send of effects.sends) await sendOn(functions, journal, send, state);
  for (const reply of effects.replies) giveReply(functions, journal, reply, state);
  for (const letter of effects.letters)
    journal.send(
      { service: functions.names.letters, key: LETTERS_KEY, handler: "add" },
      JSON.stringify(letter),
    );
}

async function sendOn(
  functions: HostedFunctions,
  journal: Journal,
  { delivery, key, dueAt, token }: PrintedSend,
  state: AddressState | undefined,
): Promise<void> {
  const delayMs = dueAt === undefined ? 0 : functions.delayUntil(dueAt);
  const sent = journal.send(recipientOf(functions, key), JSON.stringify([delivery]), delayMs);
  if (dueAt === undefined || token === undefined || state === undefined) return;
  cancelDelayed(journal, state, token);
  const { id } = readDelivery(delivery).envelope;
  state.delayed.set(token, { invocation: await sent.invocationId(), dueAt, id });
}

/** Cancels the delayed message of a token, if it is pending. */
function cancelDelayed(journal: Journal, state: AddressState | undefined, token: string): void {
  const message = state?.delayed.get(token);
  if (message !== undefined) journal.cancel(message.invocation);
  state?.delayed.delete(token);
}

/**
 * Gives a reply to all that wait for it here. A client whose request another address has answered
 * finds it at the reply's own object.
 */
function giveReply(
  { names }: Pick<HostedFunctions, "names">,
  journal: Journal,
  reply: Reply,
  state: AddressState | undefined,
): void {
  const text = JSON.stringify(reply);
  const waiting = state?.listeners.filter((each) => each.reply === reply.key) ?? [];
  for (const { sleeper } of waiting) journal.wake(sleeper, text);
  if (state !== undefined && waiting.length > 0)
    state.listeners = state.listeners.filter((each) => each.reply !== reply.key);
  if (reply.key.startsWith(CLIENT_PREFIX))
    journal.send({ service: names.reply, key: reply.key, handler: "put" }, text);
}

/**
 * Sends a message that this code cannot handle to its address again, for a later try. It holds no
 * open invocation meanwhile.
 */
export function parkMessage(
  functions: HostedFunctions,
  journal: Journal,
  delivery: Delivery,
  { parked: { code, facts } }: Extract<StepResult, { readonly parked: unknown }>,
): void {
  const { environment, parkedForMs } = functions;
  const { target } = delivery.envelope;
  environment.log.error(
    `a message for ${formatAddress(target)} cannot be handled now and is parked: ${code}`,
    { type: target.type, ...facts, code },
  );
  const to = recipientOf(functions, keyOfTarget(functions, delivery.envelope));
  journal.send(to, JSON.stringify([printDelivery(delivery)]), parkedForMs);
}
