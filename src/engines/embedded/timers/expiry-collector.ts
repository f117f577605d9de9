import { AGE_OUT_VALUE, isAwaited, readAgeOut } from "../../../core/activation/age-out.ts";
import type { StoredValue } from "../../../core/activation/effects.ts";
import type { Clock } from "../../../core/host/clock.ts";
import type { Address } from "../../../core/message/address.ts";
import type { ExpiredValue, Store } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import type { AddressState } from "../state/address-state.ts";
import type { StateCache } from "../state/state-cache.ts";

/**
 * Rest after a scan that found expired values. After each scan that found none, it doubles up to
 * the longest.
 */
const SHORTEST_MS = 1_000;
const LONGEST_MS = 60_000;
/** Values read by one scan. More where most of them must stay. */
const CHUNK = 512;
const LARGEST_CHUNK = 65_536;

/** Collaborators of {@link ExpiryCollector}. */
export interface ExpiryCollectorParts {
  readonly store: Pick<Store, "readExpired">;
  readonly cache: Pick<StateCache, "open" | "has" | "hideWhileDeleting" | "unhide">;
  readonly clock: Clock;
  readonly mailboxes: Pick<Mailboxes, "has">;
  readonly commits: Pick<GroupCommit, "batch" | "isUnderWay">;
  readonly dispatcher: Pick<Dispatcher, "wake">;
}

/** Shortest time for which a state that is still awaited is kept before it is looked at again. */
const SHORTEST_RENEWAL_MS = 60_000;

/** The expired values of one scan: those that can be deleted, and the ages to renew. */
interface Deletions {
  /** Values of states in memory, by state and name. */
  readonly cached: [AddressState, string][];
  /** Values that are in the store only. */
  readonly stored: ExpiredValue[];
  /** Age-out values of states that work under way may come back to, by state. */
  readonly renewed: [AddressState, StoredValue][];
}

/**
 * Deletes expired values. Only the size of the store depends on it: whether a value has expired is
 * decided when a message is handled.
 *
 * K1 When an address's age-out value expires, all of its state is deleted. Without that value, the
 *    rest would stay forever.
 *    A state that work under way may come back to lives for another term, so that it is neither
 *    deleted nor read in every scan.
 * K2 An address with messages is skipped: its handler may have started before the expiry, and may
 *    keep or renew the values.
 * K3 One scan at a time, of bounded size. The next scan starts only once the values found by the
 *    last one are deleted. So the collector keeps pace with the work that leaves values behind,
 *    however many scans that takes, and blocks nothing.
 * K4 A state is not loaded to be deleted. A state that is loaded meanwhile does not show the values
 *    that are being deleted.
 */
export class ExpiryCollector {
  readonly #parts: ExpiryCollectorParts;
  #restMs = SHORTEST_MS;
  #chunk = CHUNK;
  #cancel: () => void = () => undefined;
  #isStopped = false;

  constructor(parts: ExpiryCollectorParts) {
    this.#parts = parts;
  }

  /** Scans now, and regularly from now on. */
  start(): void {
    const { store, clock } = this.#parts;
    const now = clock.now();
    const expired = store.readExpired(now, this.#chunk);
    const deletions = this.#choose(expired, now);
    const { cached, stored, renewed } = deletions;
    const count = cached.length + stored.length + renewed.length;
    const isMore = expired.length === this.#chunk;
    const isStuck = isMore && count < expired.length / 2;
    this.#chunk = isStuck ? Math.min(2 * this.#chunk, LARGEST_CHUNK) : CHUNK;
    this.#restMs = expired.length > 0 ? SHORTEST_MS : Math.min(2 * this.#restMs, LONGEST_MS);
    if (count === 0) this.#rest();
    else this.#delete(deletions, isMore);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #delete({ cached, stored, renewed }: Deletions, isMore: boolean): void {
    const { cache, commits, dispatcher } = this.#parts;
    for (const { rowId } of stored) cache.hideWhileDeleting(rowId);
    const { batch } = commits;
    for (const [state, name] of cached) batch.write(state.valueFor(name), null);
    for (const value of stored) batch.deleteExpired(value);
    for (const [state, age] of renewed) batch.write(state.valueFor(AGE_OUT_VALUE), age);
    batch.afterCommit.push(() => {
      for (const { rowId } of stored) cache.unhide(rowId);
      if (this.#isStopped) return;
      if (isMore) this.start();
      else this.#rest();
    });
    dispatcher.wake();
  }

  #rest(): void {
    this.#cancel = this.#parts.clock.setTimer(this.#restMs, () => this.start());
  }

  /** Chooses the values to delete, apart by whether their state is in memory. */
  #choose(expired: readonly ExpiredValue[], now: number): Deletions {
    const { cache, mailboxes } = this.#parts;
    const chosen: Deletions = { cached: [], stored: [], renewed: [] };
    for (const value of expired) {
      if (mailboxes.has(value)) continue;
      if (value.name !== AGE_OUT_VALUE && !cache.has(value)) {
        chosen.stored.push(value);
        continue;
      }
      const { name, rowId: _, ...address } = value;
      const state = cache.open(address);
      const current = state.read(name);
      // The value may have been renewed or replaced in memory since the store was written.
      if (current?.expiresAt === undefined || current.expiresAt > now) continue;
      const renewed = name === AGE_OUT_VALUE ? this.#renewalOf(address, current, now) : undefined;
      if (renewed !== undefined) chosen.renewed.push([state, renewed]);
      else
        for (const each of name === AGE_OUT_VALUE ? state.names : [name])
          chosen.cached.push([state, each]);
    }
    return chosen;
  }
  /** Returns the age of a state for another term, if work is under way that may come back to it. */
  #renewalOf(address: Address, { content }: StoredValue, now: number): StoredValue | undefined {
    const { commits } = this.#parts;
    const ageOut = readAgeOut(content.json);
    if (ageOut === undefined) return undefined;
    const isKept = isAwaited(address, ageOut, (origin) => commits.isUnderWay(origin));
    const term = Math.max(ageOut.afterMs, SHORTEST_RENEWAL_MS);
    return isKept ? { content, expiresAt: now + term } : undefined;
  }
}
