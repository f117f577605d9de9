import type { Store } from "handback";
import { vi } from "vitest";

/**
 * Makes a SQLite store commit every small batch on the event loop until the test ends. The clock
 * stands still, so every commit seems to take no time.
 */
export function onEventLoop(store: Store): Store {
  vi.spyOn(performance, "now").mockReturnValue(0);
  return store;
}
