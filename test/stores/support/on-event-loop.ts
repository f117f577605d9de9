import type { Store } from "handback";
import { vi } from "vitest";
import { CommitLatency } from "../../../src/stores/sqlite/writer/commit-latency.ts";

/**
 * Makes a SQLite store commit every small batch on the event loop until the test ends: every commit
 * seems to take no time.
 */
export function onEventLoop(store: Store): Store {
  vi.spyOn(CommitLatency.prototype, "record").mockReturnValue();
  return store;
}
