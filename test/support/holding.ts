import type { Store } from "handback";
import type { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";

/** Has time stand still on `clock` while the store commits, or closes: it may do so in a thread, of which a clock knows nothing. */
export function holding(clock: VirtualClock, store: Store): Store {
  const [commit, close] = [store.commit.bind(store), store.close.bind(store)];
  store.commit = (batch) => clock.hold(commit(batch));
  store.close = (clean) => clock.hold(close(clean));
  return store;
}
