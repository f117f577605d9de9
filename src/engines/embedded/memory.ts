import { addressKey } from "../../core/address.ts";
import type { Address } from "../../core/address.ts";
import { HandbackError } from "../../core/errors.ts";
import { OrderedSet } from "./ordered-set.ts";
import { newRealm } from "./realm.ts";
import type { Batch, Opened, StateRow, StateWrite, Store, StoredDeadLetter, StoredMessage } from "./store.ts";

/**
 * Makes a store that lives in this process's memory and is gone with it: for tests, and for work that may be lost.
 *
 * Closing keeps the content, so a second engine can be started over it as over a file.
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
type Scoped = StoredMessage & { readonly scope: string };
type Value = StateRow & { readonly address: Address };
type Expiring = Value & { readonly expiresAt: number };

/**
 * A store made of maps.
 * - MM1: every message is in `#messages`, and in `#delayed` if it has a `dueAt`, else in `#ready`;
 * - MM2: `#tokens` has the messages with a token, `#scopes` those with a scope, `#expiring` the values with an `expiresAt`;
 *   `#state` has no empty map;
 * - MM3: a batch is checked whole before any of it is applied.
 */
class MemoryStore implements Store {
  readonly #realm = newRealm();
  readonly #messages = new Map<number, StoredMessage>();
  readonly #ready = new OrderedSet<StoredMessage>(bySeq);
  readonly #delayed = new OrderedSet<Delayed>((one, other) => one.dueAt - other.dueAt || bySeq(one, other));
  readonly #tokens = new Map<string, StoredMessage>();
  readonly #scopes = new OrderedSet<Scoped>((one, other) => compareText(one.scope, other.scope) || bySeq(one, other));
  readonly #state = new Map<string, Map<string, Value>>();
  readonly #expiring = new OrderedSet<Expiring>((one, other) => one.expiresAt - other.expiresAt || byName(one, other));
  readonly #dead: StoredDeadLetter[] = [];
  #generation = 0;
  #isOpen = false;

  async open(): Promise<Opened> {
    if (this.#isOpen) {
      throw new HandbackError("STORE_LOCKED", "another engine has this memory store open", { details: { pid: process.pid } });
    }
    this.#isOpen = true;
    this.#generation += 1;
    let last = 0;
    for (const seq of this.#messages.keys()) last = Math.max(last, seq);
    return { realm: this.#realm, generation: this.#generation, nextSeq: last + 1 };
  }

  async commit(batch: Batch): Promise<void> {
    this.#requireOpen();
    this.#check(batch);
    for (const seq of batch.removed) this.#remove(this.#messages.get(seq));
    for (const seq of batch.elapsed) this.#remove(this.#messages.get(seq));
    for (const token of batch.cancelled) this.#remove(this.#tokens.get(token));
    for (const message of batch.inserted) this.#insert(message);
    for (const write of batch.state) this.#write(write);
    for (const letter of batch.dead) this.#dead.push(letter);
  }

  readState(address: Address): readonly StateRow[] {
    this.#requireOpen();
    const values = this.#state.get(addressKey(address));
    return values === undefined ? [] : Array.from(values.values(), ({ address: _, ...row }) => row);
  }

  readMessages(afterSeq: number, limit: number): readonly StoredMessage[] {
    this.#requireOpen();
    return this.#ready.read(limit, ({ seq }) => seq > afterSeq, never);
  }

  readDelayed(until: number, limit: number): readonly StoredMessage[] {
    this.#requireOpen();
    return this.#delayed.read(limit, always, ({ dueAt }) => dueAt > until);
  }

  readScope(prefix: string): readonly StoredMessage[] {
    this.#requireOpen();
    const isPast = ({ scope }: Scoped): boolean => scope > prefix && !scope.startsWith(prefix);
    return this.#scopes.read(Number.POSITIVE_INFINITY, ({ scope }) => scope >= prefix, isPast).toSorted(bySeq);
  }

  nextDueAt(): number | undefined {
    this.#requireOpen();
    return this.#delayed.first()?.dueAt;
  }

  readDeadLetters(limit: number): readonly StoredDeadLetter[] {
    this.#requireOpen();
    return this.#dead.slice(0, limit);
  }

  readExpired(now: number, limit: number): readonly (Address & { readonly name: string })[] {
    this.#requireOpen();
    const expired = this.#expiring.read(limit, always, ({ expiresAt }) => expiresAt > now);
    return expired.map(({ address, name }) => ({ type: address.type, id: address.id, name }));
  }

  async renameStates(from: string, to: string): Promise<void> {
    this.#requireOpen();
    const moving = [...this.#state.values()].flatMap((values) => [...values.values()]).filter(({ address }) => address.type === from);
    const taken = new Set(moving.map(({ address }) => address.id).filter((id) => this.#state.has(addressKey({ type: to, id }))));
    for (const { address, ...value } of moving) {
      if (taken.has(address.id)) continue;
      this.#write({ address, name: value.name, text: null });
      this.#write({ ...value, address: { type: to, id: address.id } });
    }
  }

  count(): ReturnType<Store["count"]> {
    this.#requireOpen();
    let state = 0;
    for (const values of this.#state.values()) state += values.size;
    return { messages: this.#ready.size, delayed: this.#delayed.size, state, dead: this.#dead.length };
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  #requireOpen(): void {
    if (!this.#isOpen) throw new HandbackError("CLOSED", "this memory store is not open");
  }

  /** Refuses a batch that inserts a number or a token which would be there twice. */
  #check(batch: Batch): void {
    const gone = new Set<number | undefined>([...batch.removed, ...batch.elapsed]);
    for (const token of batch.cancelled) gone.add(this.#tokens.get(token)?.seq);
    const numbers = new Set<number>();
    const tokens = new Set<string>();
    for (const { seq, token } of batch.inserted) {
      if (numbers.has(seq) || (this.#messages.has(seq) && !gone.has(seq))) throw alreadyThere("message", String(seq));
      numbers.add(seq);
      if (token === undefined) continue;
      const holder = this.#tokens.get(token);
      if (tokens.has(token) || (holder !== undefined && !gone.has(holder.seq))) throw alreadyThere("token", token);
      tokens.add(token);
    }
  }

  #insert(message: StoredMessage): void {
    const { seq, token } = message;
    this.#messages.set(seq, message);
    if (token !== undefined) this.#tokens.set(token, message);
    if (isScoped(message)) this.#scopes.add(message);
    if (isDelayed(message)) this.#delayed.add(message);
    else this.#ready.add(message);
  }

  #remove(message: StoredMessage | undefined): void {
    if (message === undefined) return;
    const { seq, token } = message;
    this.#messages.delete(seq);
    if (token !== undefined) this.#tokens.delete(token);
    if (isScoped(message)) this.#scopes.delete(message);
    if (isDelayed(message)) this.#delayed.delete(message);
    else this.#ready.delete(message);
  }

  #write({ address, name, text, expiresAt }: StateWrite): void {
    const key = addressKey(address);
    const values = this.#state.get(key) ?? new Map<string, Value>();
    const before = values.get(name);
    if (before !== undefined && isExpiring(before)) this.#expiring.delete(before);
    if (text === null) {
      values.delete(name);
    } else {
      const value = { address, name, text, ...(expiresAt !== undefined && { expiresAt }) };
      values.set(name, value);
      if (isExpiring(value)) this.#expiring.add(value);
    }
    if (values.size === 0) this.#state.delete(key);
    else this.#state.set(key, values);
  }
}

const always = (): boolean => true;
const never = (): boolean => false;

function isDelayed(message: StoredMessage): message is Delayed {
  return message.dueAt !== undefined;
}

function isScoped(message: StoredMessage): message is Scoped {
  return message.scope !== undefined;
}

function isExpiring(value: Value): value is Expiring {
  return value.expiresAt !== undefined;
}

function bySeq(one: StoredMessage, other: StoredMessage): number {
  return one.seq - other.seq;
}

function byName(one: Value, other: Value): number {
  return compareText(addressKey(one.address), addressKey(other.address)) || compareText(one.name, other.name);
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function alreadyThere(kind: "message" | "token", name: string): HandbackError {
  return new HandbackError("STORE_FAILED", `${kind} ${name} is in the store already; nothing was committed`, { details: { [kind]: name } });
}
