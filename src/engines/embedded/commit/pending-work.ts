import { addressKey } from "../../../core/message/address.ts";
import type { PendingMessage, PendingWork } from "../../../core/engine/pending-work.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Store } from "../../../stores/store.ts";

/** Messages read at a time. */
const CHUNK = 4096;

/**
 * Reads the stored work of all scopes that start with the prefix. It scans all messages that wait
 * to be handled. `whyParked` tells why one of them will not be, if so.
 */
export function pendingWorkOf(
  store: Pick<Store, "readMessages" | "readScope" | "readWatches">,
  scope: string,
  whyParked: (envelope: Envelope) => string | undefined,
): PendingWork {
  const messages: PendingMessage[] = [];
  for (let after = -1, read = CHUNK; read === CHUNK;) {
    const rows = store.readMessages(after, CHUNK);
    read = rows.length;
    after = rows.at(-1)?.seq ?? after;
    for (const { envelope } of rows) {
      if (envelope.scope?.startsWith(scope) !== true) continue;
      const parked = whyParked(envelope);
      messages.push(parked === undefined ? { envelope } : { envelope, parked });
    }
  }
  const addresses = new Map(
    store.readWatches(scope).map(({ address }) => [addressKey(address), address]),
  );
  return { messages: [...messages, ...store.readScope(scope)], addresses: [...addresses.values()] };
}
