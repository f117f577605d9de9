import { HandbackError, memory } from "handback";
import type { Store } from "handback";
import { HeldStore } from "./held-store.ts";

/** What a store says that has no room. */
export function noRoom(): HandbackError {
  return new HandbackError("STORE_FULL", "no space is left for the store", {
    details: { path: "test.db" },
  });
}

/** A store that can be full: then it refuses every commit, and nothing of it is there. */
export class FillableStore {
  readonly content: Store = memory();
  readonly store: Store = new HeldStore(this.content, async () => this.#write());
  /** How many commits were tried. */
  tries = 0;
  isFull = false;

  #write(): void {
    this.tries++;
    if (this.isFull) throw noRoom();
  }
}
