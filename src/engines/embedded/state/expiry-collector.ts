import { AGE_OUT_VALUE } from "../../../core/activation/activation.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Clock } from "../../../core/host/clock.ts";
import type { AddressState } from "./address-state.ts";
import type { StateCache } from "./state-cache.ts";
import type { ExpiredValue, Store } from "../../../stores/store.ts";

/** How long to rest after a look that found something; after each that found nothing it is twice as long, up to the last. */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 60_000;
/** How many values a look takes; more where most of them must stay. */
const CHUNK = 512;
const LARGEST_CHUNK = 65_536;

/** What the collector works with. */
export interface ExpiryCollectorParts {
  readonly store: Pick<Store, "readExpired">;
  readonly cache: Pick<StateCache, "open" | "has" | "hideWhileDeleting" | "unhide">;
  readonly clock: Clock;
  /** Whether messages for the address are waiting or being handled. */
  readonly isBusy: (address: Address) => boolean;
  /** Deletes values with the next commit, those of states that are in memory and those that are not; `done` is called once that is durable. */
  readonly erase: (
    known: readonly (readonly [AddressState, name: string])[],
    unknown: readonly ExpiredValue[],
    done: () => void,
  ) => void;
  /** Runs a step of the work, and answers for its failure. */
  readonly guard: (step: () => void) => void;
}

/**
 * Deletes what has expired. Nothing depends on it but the size of the store: expiry is decided when a message is handled.
 *
 * K1 With an address's age-out time goes all of its state; that time alone would leave the rest to live for ever.
 * K2 An address with messages is left alone: its handler may have begun before the expiry, and keep or renew the values.
 * K3 One look at a time, of bounded size, and the next one only when what the one before found is gone: so it keeps pace with the work that
 *    leaves things behind, by as many looks as that takes, and holds nothing up.
 * K4 A state is not loaded to be deleted. Whoever loads it until it is gone does not see what is being deleted.
 */
export class ExpiryCollector {
  readonly #parts: ExpiryCollectorParts;
  #restMs = SHORTEST_MS;
  #chunk = CHUNK;
  #cancel: () => void = () => undefined;
  #stopped = false;

  constructor(parts: ExpiryCollectorParts) {
    this.#parts = parts;
  }

  /** Looks now, and from now on. */
  start(): void {
    const { store, clock, erase, cache } = this.#parts;
    const now = clock.now();
    const expired = store.readExpired(now, this.#chunk);
    const { known, unknown } = this.#choose(expired, now);
    const isMore = expired.length === this.#chunk;
    const isStuck = isMore && known.length + unknown.length < expired.length / 2;
    this.#chunk = isStuck ? Math.min(2 * this.#chunk, LARGEST_CHUNK) : CHUNK;
    this.#restMs = expired.length > 0 ? SHORTEST_MS : Math.min(2 * this.#restMs, LONGEST_MS);
    if (known.length + unknown.length === 0) return this.#rest();
    for (const { rowId } of unknown) cache.hideWhileDeleting(rowId);
    erase(known, unknown, () => {
      for (const { rowId } of unknown) cache.unhide(rowId);
      if (this.#stopped) return;
      if (isMore) this.start();
      else this.#rest();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #rest(): void {
    this.#cancel = this.#parts.clock.setTimer(this.#restMs, () =>
      this.#parts.guard(() => this.start()),
    );
  }

  /** What is to be deleted, of states in memory and of others. */
  #choose(
    expired: readonly ExpiredValue[],
    now: number,
  ): { known: [AddressState, string][]; unknown: ExpiredValue[] } {
    const { cache, isBusy } = this.#parts;
    const known: [AddressState, string][] = [];
    const unknown: ExpiredValue[] = [];
    for (const value of expired) {
      if (isBusy(value)) continue;
      if (value.name !== AGE_OUT_VALUE && !cache.has(value)) {
        unknown.push(value);
        continue;
      }
      const { name, rowId: _, ...address } = value;
      const state = cache.open(address);
      const expiresAt = state.read(name)?.expiresAt;
      // What was renewed or replaced in memory is not what the store found expired.
      if (expiresAt === undefined || expiresAt > now) continue;
      for (const each of name === AGE_OUT_VALUE ? state.names : [name]) known.push([state, each]);
    }
    return { known, unknown };
  }
}
