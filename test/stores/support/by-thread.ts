import type { Store } from "../../../src/stores/store.ts";

/**
 * The `seq` of missing messages: too many for a commit on the event loop. Removing them changes
 * nothing.
 */
const PADDING = Array.from({ length: 1_000 }, (_, index) => -1 - index);

/** Makes a SQLite store commit every batch in its writer thread. */
export function byThread(store: Store): Store {
  const commit = store.commit.bind(store);
  store.commit = (batch) => commit({ ...batch, removed: [...batch.removed, ...PADDING] });
  return store;
}
