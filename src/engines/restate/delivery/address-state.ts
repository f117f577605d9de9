import type { StateReader } from "../../../core/activation/activation.ts";
import type { StoredValue, ValueWrite } from "../../../core/activation/effects.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { nextExpiry } from "../../../core/state/expired-values.ts";
import type { ObjectJournal } from "../journal/journal.ts";
import type { Delivery } from "../wire/delivery.ts";

/** Version of the stored state of an address. */
const VERSION = 1;
/** Name under which a virtual object stores the state of its address. */
const STATE = "state";
/** Values of more characters are stored apart, so that small changes need not write them again. */
const LARGE = 16_384;
/** Time for which the token of a delayed message is kept after the message is due, in ms. */
const TOKENS_KEPT_MS = 60_000;

const utf8 = new TextEncoder();

/** The state of an address, which tells how much of it is stored apart. */
export interface SizedState extends StateReader {
  /** Characters of the large values that were read. */
  readonly largeCharacters: number;
  /** Returns the bytes of the large values, without those of some names. */
  largeBytesBeside(names: ReadonlySet<string>): number;
}

/** The state of an address that has none. */
export const NO_STATE: SizedState = {
  read: () => undefined,
  largeCharacters: 0,
  largeBytesBeside: () => 0,
};

/** A delayed message that can be canceled. */
interface DelayedMessage {
  readonly invocation: string;
  readonly dueAt: number;
  /** Id of the message. States of the first release have none. */
  readonly id?: string;
}

/** A client that waits for a reply of an address. */
export interface Listener {
  /** Key of the reply. */
  readonly reply: string;
  readonly sleeper: string;
  /** Instant of its request, in ms. */
  readonly at: number;
  /** Instant at which it stops to wait, in ms. */
  readonly until: number;
}

/** The state of an address as it is stored. A name alone says that its value is stored apart. */
interface Stored {
  readonly v: number;
  readonly values: readonly (readonly [name: string, value?: StoredValue])[];
  readonly delayed?: readonly (readonly [token: string, message: DelayedMessage])[];
  readonly listeners?: readonly Listener[];
  readonly collectAt?: number;
}

/**
 * The state of one address: its values, the delayed messages that it can cancel, and the clients that
 * wait for its replies.
 *
 * AS1 Everything small is one value of the virtual object, so a delivery costs one read and one
 * write.
 * AS2 An address without state stores nothing.
 */
export class AddressState implements SizedState {
  readonly #values = new Map<string, StoredValue>();
  readonly #apart = new Set<string>();
  readonly #changed = new Set<string>();
  #largeCharacters = 0;
  readonly delayed: Map<string, DelayedMessage>;
  listeners: readonly Listener[];
  /** Instant of the pending message that collects expired values. */
  collectAt: number | undefined;

  private constructor({ values, delayed = [], listeners = [], collectAt }: Stored) {
    for (const [name, value] of values) {
      if (value === undefined) this.#apart.add(name);
      else this.#values.set(name, value);
    }
    this.delayed = new Map(delayed);
    this.listeners = listeners;
    this.collectAt = collectAt;
  }

  /** Reads the state of an object. @throws `FORMAT_TOO_NEW` */
  static async load(journal: Pick<ObjectJournal, "read">): Promise<AddressState> {
    const text = await journal.read(STATE);
    const state = text === undefined ? AddressState.empty() : new AddressState(parse(text));
    for (const name of state.#apart) {
      const value = await journal.read(placeOf(name));
      if (value === undefined) continue;
      state.#values.set(name, JSON.parse(value) as StoredValue);
      state.#largeCharacters += value.length;
    }
    return state;
  }

  /** Makes the state of an address that has stored nothing. */
  static empty(): AddressState {
    return new AddressState({ v: VERSION, values: [] });
  }

  /** Reads a state that {@link AddressState.print} printed. @throws `FORMAT_TOO_NEW` */
  static read(text: string): AddressState {
    const state = new AddressState(parse(text));
    for (const name of state.names) state.#changed.add(name);
    return state;
  }

  /** True if nothing is stored. */
  get isEmpty(): boolean {
    const { delayed, listeners, collectAt } = this;
    return this.#values.size + delayed.size + listeners.length === 0 && collectAt === undefined;
  }

  /** Prints the whole state. */
  print(): string {
    const values = Array.from(this.#values, ([name, value]) => entry(name, JSON.stringify(value)));
    return this.#printWith(values);
  }

  read(name: string): StoredValue | undefined {
    return this.#values.get(name);
  }

  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  get largeCharacters(): number {
    return this.#largeCharacters;
  }

  largeBytesBeside(names: ReadonlySet<string>): number {
    const beside = [...this.#apart].filter((name) => !names.has(name));
    const texts = beside.map((name) => JSON.stringify(this.#values.get(name) ?? null));
    return texts.reduce((sum, text) => sum + utf8.encode(text).length, 0);
  }

  /** All values, by their names. */
  get values(): ReadonlyMap<string, StoredValue> {
    return this.#values;
  }

  write({ name, value }: Pick<ValueWrite, "name" | "value">): void {
    if (value === null) this.#values.delete(name);
    else this.#values.set(name, value);
    this.#changed.add(name);
  }

  /**
   * Returns the first instant at which something stored here is needed no more. Tokens and clients
   * count only if nothing else is stored: else the next message forgets them.
   */
  nextCollection(): number | undefined {
    if (this.#values.size > 0) return nextExpiry(this.#values);
    const { delayed, listeners } = this;
    if (delayed.size + listeners.length === 0) return undefined;
    const kept = Array.from(delayed.values(), ({ dueAt }) => dueAt + TOKENS_KEPT_MS);
    return Math.max(...kept, ...listeners.map(({ until }) => until)) + 1;
  }

  /** Forgets the token of a message that is delivered to its own sender. */
  forgetDelivered({ envelope, token }: Delivery): void {
    if (token !== undefined && this.delayed.get(token)?.id === envelope.id)
      this.delayed.delete(token);
  }

  /** Forgets the tokens of messages that were delivered, and clients that wait no more. */
  forgetPast(now: number): void {
    for (const [token, { dueAt }] of this.delayed)
      if (dueAt + TOKENS_KEPT_MS < now) this.delayed.delete(token);
    if (this.listeners.some(({ until }) => until < now))
      this.listeners = this.listeners.filter(({ until }) => until >= now);
  }

  /** Writes the state to its object. */
  save(journal: Pick<ObjectJournal, "write" | "remove">): void {
    const values: string[] = [];
    for (const name of this.#apart) if (!this.#values.has(name)) journal.remove(placeOf(name));
    for (const [name, value] of this.#values) {
      const isKept = this.#apart.has(name) && !this.#changed.has(name);
      const text = isKept ? undefined : JSON.stringify(value);
      if (text !== undefined && text.length <= LARGE) {
        if (this.#apart.has(name)) journal.remove(placeOf(name));
        values.push(entry(name, text));
      } else {
        if (text !== undefined) journal.write(placeOf(name), text);
        values.push(entry(name));
      }
    }
    if (this.isEmpty) journal.remove(STATE);
    else journal.write(STATE, this.#printWith(values));
  }

  #printWith(values: readonly string[]): string {
    const { delayed, listeners, collectAt } = this;
    const rest = JSON.stringify({
      v: VERSION,
      ...(delayed.size > 0 && { delayed: [...delayed] }),
      ...(listeners.length > 0 && { listeners }),
      ...(collectAt !== undefined && { collectAt }),
    });
    return `${rest.slice(0, -1)},"values":[${values.join(",")}]}`;
  }
}

function parse(text: string): Stored {
  const stored = JSON.parse(text) as Stored;
  if (stored.v <= VERSION) return stored;
  throw new HandbackError(
    "FORMAT_TOO_NEW",
    `the state of an address has format ${stored.v}, and this release reads up to ${VERSION}`,
  );
}

function entry(name: string, value?: string): string {
  return value === undefined ? `[${JSON.stringify(name)}]` : `[${JSON.stringify(name)},${value}]`;
}

function placeOf(name: string): string {
  return `value/${name}`;
}
