import type { Store } from "handback";
import type { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";

/**
 * Stops time on `clock` while the store commits or closes, because a thread may do this work
 * without using the clock.
 */
export function holding(clock: VirtualClock, store: Store): Store {
  const [commit, close] = [store.commit.bind(store), store.close.bind(store)];
  store.commit = (batch) => clock.hold(commit(batch));
  store.close = (clean) => clock.hold(close(clean));
  return store;
}
