import { LIFE } from "../../core/activation.ts";
import type { Address } from "../../core/address.ts";
import type { Clock } from "../../core/clock.ts";
import type { AddressState, StateCache } from "./state-cache.ts";
import type { Store } from "./store.ts";

const EVERY_MS = 60_000;
/** How soon to look again when there was more than one look takes. */
const AGAIN_MS = 100;
const CHUNK = 1024;

/** What the collector works with. */
export interface CollectorParts {
  readonly store: Pick<Store, "readExpired">;
  readonly cache: Pick<StateCache, "open">;
  readonly clock: Clock;
  /** Whether messages for the address are waiting or being handled. */
  readonly isBusy: (address: Address) => boolean;
  /** Deletes a value with the next commit. */
  readonly erase: (state: AddressState, name: string) => void;
  /** Runs a step of the work, and answers for its failure. */
  readonly guard: (step: () => void) => void;
}

/**
 * Deletes what has expired, now and then. Nothing depends on it: expiry is decided when a message is handled.
 *
 * K1 With an address's age-out time goes all of its state; that time alone would leave the rest to live for ever.
 * K2 An address with messages is left alone: its handler may have begun before the expiry, and keep or renew the values.
 */
export class Collector {
  readonly #parts: CollectorParts;
  #cancel: () => void = () => undefined;

  constructor(parts: CollectorParts) {
    this.#parts = parts;
  }

  start(): void {
    const more = this.#collect(this.#parts.clock.now());
    this.#cancel = this.#parts.clock.setTimer(more ? AGAIN_MS : EVERY_MS, () => this.#parts.guard(() => this.start()));
  }

  stop(): void {
    this.#cancel();
  }

  #collect(now: number): boolean {
    const { store, cache, isBusy, erase } = this.#parts;
    const expired = store.readExpired(now, CHUNK);
    for (const { name, ...address } of expired) {
      if (isBusy(address)) continue;
      const state = cache.open(address);
      const expiresAt = state.read(name)?.expiresAt;
      // What was renewed or replaced in memory is not what the store found expired.
      if (expiresAt === undefined || expiresAt > now) continue;
      for (const each of name === LIFE ? state.names : [name]) erase(state, each);
    }
    return expired.length === CHUNK;
  }
}
