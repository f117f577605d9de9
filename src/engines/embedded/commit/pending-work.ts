import { addressKey } from "../../../core/message/address.ts";
import type { PendingWork } from "../../../core/engine/engine.ts";
import type { StoredMessage, Store } from "../../../stores/store.ts";

/** Messages read at a time. */
const CHUNK = 4096;

/**
 * Reads the stored work of all scopes that start with the prefix. It scans all messages that wait
 * to be handled.
 */
export function pendingWorkOf(
  store: Pick<Store, "readMessages" | "readScope" | "readWatches">,
  scope: string,
): PendingWork {
  const messages: StoredMessage[] = [];
  for (let after = -1, read = CHUNK; read === CHUNK;) {
    const rows = store.readMessages(after, CHUNK);
    read = rows.length;
    after = rows.at(-1)?.seq ?? after;
    messages.push(...rows.filter(({ envelope }) => envelope.scope?.startsWith(scope) === true));
  }
  const addresses = new Map(
    store.readWatches(scope).map(({ address }) => [addressKey(address), address]),
  );
  return { messages: [...messages, ...store.readScope(scope)], addresses: [...addresses.values()] };
}
