import { isSystemType } from "../../core/message/address.ts";
import type { Address } from "../../core/message/address.ts";
import { AddressMap } from "../../core/message/address-map.ts";
import type { StoredValue } from "../../core/activation/effects.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { TransientMap } from "../../core/data/transient-map.ts";
import { indexedJson } from "../../core/engine/flow-index.ts";
import type { FlowEntry, IndexedValues } from "../../core/engine/flow-index.ts";
import { MemoryFlowEntries } from "./flow-entries.ts";
import { compareText, OrderedSet } from "../../core/data/ordered-set.ts";
import type { JournalQuery, JournalRow } from "../../core/engine/journal.ts";
import { MemoryJournal } from "./memory-journal.ts";
import { MemoryStateIds } from "./state-ids.ts";
import { newStoreId } from "../store-id.ts";
import { watchKey } from "../store.ts";
import type {
  StoredMessage,
  Batch,
  ExpiredValue,
  FlowEntries,
  CrashMark,
  StoreInfo,
  StateRow,
  StateWrite,
  Store,
  StoredDeadLetter,
  StoreLists,
  ScopeWatch,
} from "../store.ts";

/**
 * Creates a store in the memory of this process, for tests and for work that may be lost.
 *
 * Closing keeps the content, so that another engine can be started on the same store, as on a file.
 *
 * @example
 * import { memory } from "handback";
 *
 * const store = memory();
 */
export function memory(): Store {
  return new MemoryStore();
}

type Delayed = StoredMessage & { readonly dueAt: number };
type Scoped = StoredMessage & { readonly envelope: { readonly scope: string } };
type Value = Omit<StateRow, "value"> & { readonly address: Address; value: StoredValue };
type Expiring = Value & { readonly value: { readonly expiresAt: number } };

/**
 * A store made of maps. It keeps the objects of a batch as they are.
 * - MM1: every message is in `#messages`, and in `#delayed` if it has a `dueAt`, else in
 *   `#deliverable`;
 * - MM2: every value is in `#values` and `#state`;
 * - MM3: `#tokens` contains the messages with a token, `#scopes` the delayed messages with a scope,
 *   `#expiring` the values with an `expiresAt`;
 * - MM4: a batch is checked completely before any of it is applied.
 */
class MemoryStore implements Store {
  readonly #storeId = newStoreId();
  readonly #messages = new TransientMap<number, StoredMessage>();
  readonly #deliverable = new OrderedSet<StoredMessage>(bySeq);
  readonly #delayed = new OrderedSet<Delayed>(
    (one, other) => one.dueAt - other.dueAt || bySeq(one, other),
  );
  readonly #tokens = new Map<string, StoredMessage>();
  readonly #scopes = new OrderedSet<Scoped>(
    (one, other) => compareText(one.envelope.scope, other.envelope.scope) || bySeq(one, other),
  );
  readonly #values = new TransientMap<number, Value>();
  readonly #state = new AddressMap<Value[]>();
  readonly #expiring = new OrderedSet<Expiring>(
    (one, other) => one.value.expiresAt - other.value.expiresAt || one.rowId - other.rowId,
  );
  readonly #watches = new OrderedSet<ScopeWatch>(
    (one, other) =>
      compareText(one.scope, other.scope) || compareText(watchKey(one), watchKey(other)),
  );
  #deadLetters: (StoredDeadLetter & { readonly place: number })[] = [];
  #lastPlace = 0;
  readonly #stateIds = new MemoryStateIds((type) => this.#idsOf(type));
  readonly #crashMarks = new Map<number, CrashMark>();
  readonly #flows = new MemoryFlowEntries({
    requireOpen: () => this.#requireOpen(),
    stored: (values) => this.#flowsOf(values),
    generation: () => this.#generation,
  });
  readonly #journal = new MemoryJournal();
  #generation = 0;
  #isClean = true;
  #isOpen = false;

  async open(): Promise<StoreInfo> {
    if (this.#isOpen) {
      throw new HandbackError("STORE_LOCKED", "this memory store is open in another engine", {
        details: { pid: process.pid },
      });
    }
    this.#isOpen = true;
    this.#generation += 1;
    let [lastSeq, lastRowId] = [0, 0];
    for (const seq of this.#messages.keys()) lastSeq = Math.max(lastSeq, seq);
    for (const rowId of this.#values.keys()) lastRowId = Math.max(lastRowId, rowId);
    const clean = this.#isClean;
    this.#isClean = false;
    const crashMarks = [...this.#crashMarks.values()].toSorted((one, other) => one.seq - other.seq);
    return {
      storeId: this.#storeId,
      generation: this.#generation,
      nextSeq: lastSeq + 1,
      nextRowId: lastRowId + 1,
      nextPosition: this.#journal.nextPosition,
      clean,
      crashMarks,
    };
  }

  async commit(batch: Batch): Promise<void> {
    this.#requireOpen();
    this.#requireUnique(batch);
    for (const seq of batch.removed) this.#remove(this.#messages.get(seq));
    for (const seq of batch.removedDelayed) this.#remove(this.#messages.get(seq));
    for (const token of batch.cancelledTokens) this.#remove(this.#tokens.get(token));
    for (const message of batch.inserted) this.#insert(message);
    for (const write of batch.values) this.#write(write);
    for (const watch of batch.unwatched) this.#watches.delete(watch);
    for (const watch of batch.watched) this.#watch(watch);
    this.#deleteDeadLetters(batch.deletedDeadLetters);
    for (const letter of batch.addedDeadLetters)
      this.#deadLetters.push({ ...letter, place: ++this.#lastPlace });
    for (const mark of batch.crashMarks) this.#setCrashMark(mark);
    if (batch.flows !== undefined) this.#flows.change(batch.flows);
    if (batch.journal !== undefined) this.#journal.apply(batch.journal);
  }

  get flows(): FlowEntries {
    return this.#flows;
  }

  *#flowsOf(values: IndexedValues): Generator<FlowEntry> {
    for (const { address, name, value } of this.#values.values()) {
      if (address.type !== values.type || name !== values.name) continue;
      yield values.entryOf(address.id, indexedJson(value.content), value.expiresAt);
    }
  }

  readState(address: Address): readonly StateRow[] {
    this.#requireOpen();
    return this.#state.get(address)?.map(({ address: _, ...row }) => row) ?? [];
  }

  readMessages(afterSeq: number, limit: number): readonly StoredMessage[] {
    this.#requireOpen();
    return this.#deliverable.read(limit, ({ seq }) => seq > afterSeq, never);
  }

  readDelayed(
    until: number,
    limit: number,
    after = Number.NEGATIVE_INFINITY,
  ): readonly StoredMessage[] {
    this.#requireOpen();
    return this.#delayed.read(
      limit,
      ({ dueAt }) => dueAt > after,
      ({ dueAt }) => dueAt > until,
    );
  }

  readScope(prefix: string, limit = Number.POSITIVE_INFINITY): readonly StoredMessage[] {
    this.#requireOpen();
    const isPast = ({ envelope: { scope } }: Scoped): boolean =>
      scope > prefix && !scope.startsWith(prefix);
    return this.#scopes
      .read(limit, ({ envelope: { scope } }) => scope >= prefix, isPast)
      .toSorted(bySeq);
  }

  readWatches(prefix: string, limit = Number.POSITIVE_INFINITY): readonly ScopeWatch[] {
    this.#requireOpen();
    const isPast = ({ scope }: ScopeWatch): boolean => scope > prefix && !scope.startsWith(prefix);
    return this.#watches.read(limit, ({ scope }) => scope >= prefix, isPast);
  }

  nextDueAt(): number | undefined {
    this.#requireOpen();
    return this.#delayed.first()?.dueAt;
  }

  readDeadLetters(limit: number): readonly StoredDeadLetter[] {
    this.#requireOpen();
    return this.#deadLetters.slice(0, limit).map(withoutPlace);
  }

  readDeadLetter(id: string): StoredDeadLetter | undefined {
    this.#requireOpen();
    return this.#deadLetters.filter(({ envelope }) => envelope.id === id).map(withoutPlace)[0];
  }

  readonly lists: StoreLists = {
    stateIds: (range) => {
      this.#requireOpen();
      return this.#stateIds.read(range);
    },
    countDeadLetters: () => this.#deadLetters.length,
    deadLetters: ({ after = 0, limit }) => {
      this.#requireOpen();
      const from = this.#deadLetters.findIndex(({ place }) => place > after);
      return from === -1 ? [] : this.#deadLetters.slice(from, from + limit);
    },
  };

  *#idsOf(wanted: string): Generator<string> {
    for (const [first] of this.#state.values())
      if (first?.address.type === wanted) yield first.address.id;
  }

  readExpired(now: number, limit: number): readonly ExpiredValue[] {
    this.#requireOpen();
    const expired = this.#expiring.read(limit, always, ({ value }) => value.expiresAt > now);
    return expired.map(({ rowId, address, name }) => ({
      rowId,
      type: address.type,
      id: address.id,
      name,
    }));
  }

  readJournal(query: JournalQuery): readonly JournalRow[] {
    this.#requireOpen();
    return this.#journal.read(query);
  }

  async renameStates(from: string, to: string): Promise<void> {
    this.#requireOpen();
    const moving = [...this.#values.values()].filter(({ address }) => address.type === from);
    const taken = new Set(
      moving.map(({ address }) => address.id).filter((id) => this.#state.has({ type: to, id })),
    );
    for (const { address, ...row } of moving) {
      if (taken.has(address.id)) continue;
      this.#write({ ...row, address, isNew: false, value: undefined });
      this.#write({ ...row, address: { type: to, id: address.id }, isNew: true });
    }
  }

  countStates(isWanted: (type: string) => boolean): ReadonlyMap<string, number> {
    this.#requireOpen();
    const counts = new Map<string, number>();
    for (const [first] of this.#state.values()) {
      const type = first?.address.type ?? "";
      if (isSystemType(type) || !isWanted(type)) continue;
      counts.set(type, (counts.get(type) ?? 0) + 1);
    }
    return counts;
  }

  count(): ReturnType<Store["count"]> {
    this.#requireOpen();
    return {
      messages: this.#deliverable.size,
      delayed: this.#delayed.size,
      state: this.#values.size,
      watches: this.#watches.size,
      dead: this.#deadLetters.length,
    };
  }

  async close(clean = false): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#isClean = clean;
    if (clean) this.#crashMarks.clear();
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw new HandbackError("CLOSED", "this memory store is not open");
  }

  /** Rejects a batch that inserts a `seq` or a token that the store would then have twice. */
  #requireUnique({ removed, removedDelayed, cancelledTokens, inserted }: Batch): void {
    const mayExist = inserted.some(
      ({ seq, token }) => token !== undefined || this.#messages.get(seq) !== undefined,
    );
    if (!mayExist && isAscending(inserted)) return;
    const gone = new Set<number | undefined>([...removed, ...removedDelayed]);
    for (const token of cancelledTokens) gone.add(this.#tokens.get(token)?.seq);
    const seqs = new Set<number>();
    const tokens = new Set<string>();
    for (const { seq, token } of inserted) {
      if (seqs.has(seq) || (this.#messages.get(seq) !== undefined && !gone.has(seq)))
        throw alreadyExists("message", String(seq));
      seqs.add(seq);
      if (token === undefined) continue;
      const holder = this.#tokens.get(token);
      if (tokens.has(token) || (holder !== undefined && !gone.has(holder.seq)))
        throw alreadyExists("token", token);
      tokens.add(token);
    }
  }

  #watch(watch: ScopeWatch): void {
    this.#watches.delete(watch);
    this.#watches.add(watch);
  }

  #deleteDeadLetters(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#deadLetters = this.#deadLetters.filter(({ envelope }) => !ids.includes(envelope.id));
  }

  #setCrashMark(mark: CrashMark): void {
    if (mark.crashes > 0) this.#crashMarks.set(mark.seq, mark);
    else this.#crashMarks.delete(mark.seq);
  }

  #insert(message: StoredMessage): void {
    const { seq, token } = message;
    this.#messages.set(seq, message);
    if (token !== undefined) this.#tokens.set(token, message);
    if (!isDelayed(message)) return this.#deliverable.add(message);
    this.#delayed.add(message);
    if (isScoped(message)) this.#scopes.add(message);
  }

  #remove(message: StoredMessage | undefined): void {
    if (message === undefined) return;
    const { seq, token } = message;
    this.#messages.delete(seq);
    if (token !== undefined) this.#tokens.delete(token);
    if (!isDelayed(message)) return this.#deliverable.delete(message);
    this.#delayed.delete(message);
    if (isScoped(message)) this.#scopes.delete(message);
  }

  #write({ rowId, address, name, value, isNew }: StateWrite): void {
    if (isNew) {
      if (value !== undefined) this.#add({ rowId, address, name, value });
      return;
    }
    const row = this.#values.get(rowId);
    if (row === undefined) return;
    if (isExpiring(row)) this.#expiring.delete(row);
    if (value === undefined) return this.#delete(row);
    row.value = value;
    if (isExpiring(row)) this.#expiring.add(row);
  }

  #add(row: Value): void {
    this.#values.set(row.rowId, row);
    const values = this.#state.get(row.address);
    if (values === undefined) {
      this.#state.add(row.address, [row]);
      this.#stateIds.add(row.address);
    } else values.push(row);
    if (isExpiring(row)) this.#expiring.add(row);
  }

  #delete(row: Value): void {
    this.#values.delete(row.rowId);
    const values = this.#state.get(row.address) ?? [];
    values.splice(values.indexOf(row), 1);
    if (values.length > 0) return;
    this.#state.delete(row.address);
    this.#stateIds.delete(row.address);
  }
}

function withoutPlace({
  place: _,
  ...letter
}: StoredDeadLetter & { readonly place: number }): StoredDeadLetter {
  return letter;
}

const always = (): boolean => true;
const never = (): boolean => false;

function isDelayed(message: StoredMessage): message is Delayed {
  return message.dueAt !== undefined;
}

function isScoped(message: StoredMessage): message is Scoped {
  return message.envelope.scope !== undefined;
}

function isExpiring(row: Value): row is Expiring {
  return row.value.expiresAt !== undefined;
}

function bySeq(one: StoredMessage, other: StoredMessage): number {
  return one.seq - other.seq;
}

function isAscending(messages: readonly StoredMessage[]): boolean {
  return messages.every(({ seq }, index) => index === 0 || seq > (messages[index - 1]?.seq ?? 0));
}

function alreadyExists(kind: "message" | "token", name: string): HandbackError {
  return new HandbackError(
    "STORE_FAILED",
    `${kind} ${name} already exists in the store; nothing was committed`,
    { details: { [kind]: name } },
  );
}
