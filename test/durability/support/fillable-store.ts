import { HandbackError, memory } from "handback";
import type { Store } from "handback";
import { HeldStore } from "./held-store.ts";

/** The error of a store without space. */
export function noRoom(): HandbackError {
  return new HandbackError("STORE_FULL", "no space is left for the store", {
    details: { path: "test.db" },
  });
}

/** A store that can be full, or locked: then it refuses each commit as a whole. */
export class FillableStore {
  readonly content: Store = memory();
  readonly store: Store = new HeldStore(this.content, async () => this.#write());
  /** The number of commits attempted. */
  tries = 0;
  isFull = false;
  readonly #refusal: () => HandbackError;

  constructor(refusal = noRoom) {
    this.#refusal = refusal;
  }

  #write(): void {
    this.tries++;
    if (this.isFull) throw this.#refusal();
  }
}
