import type { Store } from "handback";
import { vi } from "vitest";

/** Has every commit of a SQLite store made on the event loop until the test ends, unless it is large: none seems to take any time. */
export function onEventLoop(store: Store): Store {
  vi.spyOn(performance, "now").mockReturnValue(0);
  return store;
}
