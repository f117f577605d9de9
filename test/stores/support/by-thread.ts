import type { Store } from "../../../src/stores/store.ts";

/** Numbers that no message has, so many that a batch of them is too large for the event loop. Removing them changes nothing. */
const PADDING = Array.from({ length: 1_000 }, (_, index) => -1 - index);

/** Has every commit of a SQLite store made by its thread. */
export function byThread(store: Store): Store {
  const commit = store.commit.bind(store);
  store.commit = (batch) => commit({ ...batch, removed: [...batch.removed, ...PADDING] });
  return store;
}
