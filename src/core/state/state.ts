import type { Activation } from "../activation/activation.ts";
import type { Codec } from "../codec/codec.ts";
import type { Encoded } from "../codec/encoded.ts";
import type { Content } from "../activation/effects.ts";
import { HandbackError } from "../errors/errors.ts";
import { HeldValue } from "./held-value.ts";
import { isReadByValue, isReservedValue, loadState, VERSION } from "./stored-state.ts";
import type { StateShape, StoredValueSpec, Values } from "./stored-state.ts";

/** Key under which an open state gives its values to be printed. */
const CONTENT = Symbol("content");

/** The object behind the proxy, which `console.log` looks at. It prints the values. */
const TARGET: Values = {
  [Symbol.for("nodejs.util.inspect.custom")](this: Readonly<Record<symbol, unknown>>): unknown {
    // Node passes the proxy.
    try {
      return this[CONTENT];
    } catch {
      return "[a state that cannot be read]";
    }
  },
};

/**
 * One address's named values during an activation. The object itself handles the accesses to
 * `ctx.state`, because closures would cost an allocation for each activation.
 *
 * S1 A value is decoded when it is first read, or all of them if there is a schema or a migration.
 * Untouched values cost nothing.
 * S2 Only changed values are written. Deleting brings back the initial value.
 * S3 A handler gets plain data that belongs to its activation alone. The state takes the data as it
 * is when the handler ends. What happens to it later changes nothing.
 */
export class State implements ProxyHandler<Values> {
  readonly #activation: Activation;
  readonly #shape: StateShape;
  readonly #codec: Codec;
  /** The values that the handler may have touched. */
  #held: Map<string, HeldValue> | undefined;
  #migratedFrom: number | undefined;
  #misfit: { readonly error: unknown } | undefined;
  #readOnly = false;
  #guard: () => void = () => undefined;

  constructor(activation: Activation, shape: StateShape, codec: Codec) {
    this.#activation = activation;
    this.#shape = shape;
    this.#codec = codec;
  }

  /** Tells whether `error` is the one that kept the state from loading. */
  isMisfit(error: unknown): boolean {
    return this.#misfit !== undefined && this.#misfit.error === error;
  }

  /**
   * Returns the object that handlers see as `ctx.state`. `guard` runs before every access. Queries
   * see one that refuses writes; nested ones are refused when the query ends.
   */
  open(guard: () => void, { readOnly }: { readonly readOnly: boolean }): object {
    this.#guard = guard;
    this.#readOnly = readOnly;
    return new Proxy(Object.create(TARGET) as Values, this);
  }

  get(_: Values, name: string | symbol): unknown {
    const spec = typeof name === "string" ? this.#shape.specs.get(name) : undefined;
    if (spec !== undefined) return this.#read(String(name), spec);
    if (name === CONTENT) return this.#content();
    this.#guard();
    return undefined;
  }

  set(_: Values, name: string | symbol, value: unknown): boolean {
    this.#refuseWrite(name);
    this.#specOf(name);
    this.#set(String(name), value);
    return true;
  }

  /** A deleted value reads as its initial one. */
  deleteProperty(_: Values, name: string | symbol): boolean {
    this.#refuseWrite(name);
    const { initialText } = this.#specOf(name);
    this.#set(String(name), this.#codec.decode(initialText)).isDeleted = true;
    return true;
  }

  defineProperty(_: Values, name: string | symbol): boolean {
    this.#refuseWrite(name);
    return false;
  }

  /** A state is plain data. */
  getPrototypeOf(): null {
    return null;
  }

  has(_: Values, name: string | symbol): boolean {
    return typeof name === "string" && this.#shape.specs.has(name);
  }

  ownKeys(): string[] {
    return [...this.#shape.specs.keys()];
  }

  getOwnPropertyDescriptor(_: Values, name: string | symbol): PropertyDescriptor | undefined {
    const spec = typeof name === "string" ? this.#shape.specs.get(name) : undefined;
    if (spec === undefined) return undefined;
    return {
      value: this.#read(String(name), spec),
      enumerable: true,
      configurable: true,
      writable: true,
    };
  }

  /**
   * Writes the changes, and renews values that expire after each call. @throws `UNSERIALIZABLE`,
   * `FUTURE_IN_STATE`, `PAYLOAD_TOO_LARGE`
   */
  save(): void {
    // A state that does not fit is never overwritten, whatever user code did with it.
    if (this.#misfit !== undefined) throw this.#misfit.error;
    if (this.#held !== undefined) this.#saveHeld(this.#held);
    for (const [name, spec] of this.#shape.specs) {
      if (spec.expireAfterCallMs === undefined || this.#activation.hasWritten(name)) continue;
      const stored = this.#activation.read(name);
      if (stored !== undefined)
        this.#activation.write(name, stored.content, this.#activation.now + spec.expireAfterCallMs);
    }
  }

  #saveHeld(values: ReadonlyMap<string, HeldValue>): void {
    const isMigrated = this.#migratedFrom !== undefined && !this.#readOnly;
    for (const [name, spec] of this.#shape.specs) {
      const held = values.get(name);
      if (held !== undefined) this.#saveValue(name, spec, held, isMigrated);
    }
    if (isMigrated) this.#deleteFormer();
    if ((isMigrated || this.#activation.writes.length > 0) && this.#shape.version > 1)
      this.#activation.write(VERSION, { json: this.#shape.version });
  }

  #saveValue(name: string, spec: StoredValueSpec, held: HeldValue, isMigrated: boolean): void {
    if (!isMigrated && !held.isDeleted && held.isSame()) return;
    const { initialText } = spec;
    const text = held.current === undefined ? initialText : this.#encode(name, held.current);
    if (!isMigrated && !held.isDeleted && held.hasText(text, this.#codec)) return;
    if (this.#readOnly) throw this.#changed(name);
    const stored = this.#activation.read(name);
    const old = stored?.content.text;
    const isInitial = held.isDeleted || held.current === undefined || old === undefined;
    if (text === initialText && isInitial) {
      if (stored !== undefined) this.#activation.delete(name);
      return;
    }
    if (text === old) return;
    const life = spec.expireAfterWriteMs ?? spec.expireAfterCallMs;
    this.#activation.write(
      name,
      { text },
      life === undefined ? undefined : this.#activation.now + life,
    );
  }

  /** Deletes the values that a migration took away, in the commit that stores its result. */
  #deleteFormer(): void {
    for (const name of this.#activation.storedNames())
      if (!isReservedValue(name) && !this.#shape.specs.has(name)) this.#activation.delete(name);
  }

  #specOf(name: string | symbol): StoredValueSpec {
    const { specs } = this.#shape;
    const spec = typeof name === "string" ? specs.get(name) : undefined;
    if (spec !== undefined) return spec;
    throw new HandbackError(
      "UNKNOWN_VALUE",
      `${this.#activation.address.type} declares no value ${JSON.stringify(String(name))}; it has ${[...specs.keys()].join(", ")}`,
    );
  }

  #encode(name: string, value: unknown): Encoded {
    return this.#codec.encode(value, {
      limit: this.#activation.environment.payloadLimit,
      root: `state.${name}`,
    });
  }

  #refuseWrite(name: string | symbol): void {
    if (this.#readOnly) throw this.#changed(String(name));
  }

  #changed(name: string): HandbackError {
    return new HandbackError(
      "READ_ONLY",
      `a query of ${this.#activation.address.type} writes to state.${name}: expected a handler`,
    );
  }

  #read(name: string, spec: StoredValueSpec): unknown {
    this.#guard();
    return this.#hold(name, spec).give(this.#codec);
  }

  #set(name: string, value: unknown): HeldValue {
    this.#guard();
    const held = this.#values().get(name) ?? this.#add(name, HeldValue.unread());
    held.current = value;
    held.isDeleted = false;
    return held;
  }

  #hold(name: string, { initialText }: StoredValueSpec): HeldValue {
    const held = this.#values().get(name);
    if (held !== undefined) return held;
    const text = this.#activation.read(name)?.content.text ?? initialText;
    return this.#add(
      name,
      this.#orMisfit(() => HeldValue.ofText(text, this.#codec)),
    );
  }

  #add(name: string, held: HeldValue): HeldValue {
    this.#values().set(name, held);
    return held;
  }

  #values(): Map<string, HeldValue> {
    return (this.#held ??= this.#load());
  }

  #load(): Map<string, HeldValue> {
    const read = (name: string): Content | undefined => this.#activation.read(name)?.content;
    if (isReadByValue(this.#shape, read)) return new Map();
    return this.#orMisfit(() => {
      const names = this.#activation.storedNames();
      const { values, migratedFrom } = loadState(this.#shape, { names, read }, this.#codec);
      this.#migratedFrom = migratedFrom;
      return new Map(
        Object.entries(values).map(([name, value]) => [name, HeldValue.ofValue(value)]),
      );
    });
  }

  /** Returns plain data to print. It may be asked for at any time, also after the handler's end. */
  #content(): unknown {
    const entries = [...this.#shape.specs].map(([name, spec]) => [
      name,
      this.#hold(name, spec).give(this.#codec),
    ]);
    return Object.fromEntries(entries) as unknown;
  }

  /** An error while loading keeps the activation from saving. */
  #orMisfit<Result>(load: () => Result): Result {
    try {
      return load();
    } catch (error) {
      this.#misfit = { error };
      throw error;
    }
  }
}
