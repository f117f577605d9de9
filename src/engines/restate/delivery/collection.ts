import { expiredValues } from "../../../core/state/expired-values.ts";
import type { ObjectJournal } from "../journal/journal.ts";
import { printInput } from "../wire/input.ts";
import { AddressState } from "./address-state.ts";
import type { HostedFunctions } from "./functions.ts";

/** Deletes the values that have expired by an instant, and tokens and clients that are past. */
export async function collectAtAddress(
  functions: HostedFunctions,
  journal: ObjectJournal,
  { at }: { readonly at: number },
): Promise<void> {
  const state = await AddressState.load(journal);
  // A value with an earlier instant has sent a message of its own, which goes on for all.
  if (state.collectAt !== at) return;
  for (const name of expiredValues(state.values, state.values, at))
    state.write({ name, value: null });
  state.forgetPast(at);
  state.collectAt = undefined;
  planCollection(functions, journal, state);
  state.save(journal);
}

/** Sends this address a message for the instant at which something stored here is past. */
export function planCollection(
  functions: HostedFunctions,
  journal: ObjectJournal,
  state: AddressState,
): void {
  const next = state.nextCollection();
  if (next === undefined || (state.collectAt !== undefined && state.collectAt <= next)) return;
  state.collectAt = next;
  const to = { service: functions.names.address, key: journal.key, handler: "collect" };
  journal.send(to, printInput({ at: next }), functions.delayUntil(next));
}
