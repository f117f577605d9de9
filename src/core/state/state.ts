import { enableMapSet, Immer } from "immer";
import type { Draft } from "immer";
import type { Activation } from "../activation/activation.ts";
import type { Codec } from "../codec/codec.ts";
import type { Encoded } from "../codec/encoded.ts";
import { mayHoldMutableLeaf } from "../codec/decode.ts";
import type { Content } from "../activation/effects.ts";
import { HandbackError } from "../errors/errors.ts";
import { isReadByValue, isReservedValue, loadState, noValues, VERSION } from "./stored-state.ts";
import type { LoadedState, StateShape, StoredValueSpec, Values } from "./stored-state.ts";

enableMapSet();

/**
 * Immer freezes nothing: user code owns the objects it passed in, and this activation alone owns
 * the loaded ones.
 */
const immer = new Immer({ autoFreeze: false });

/**
 * One address's named values during an activation, as a draft. The object itself handles the
 * accesses to `ctx.state`, because closures would cost an allocation for each activation.
 *
 * S1 A value is decoded when it is first read, or all of them if there is a schema or a migration.
 * Untouched values cost nothing.
 * S2 Only changed values are written. Deleting brings back the initial value.
 * S3 References to the draft are revoked afterwards, and objects passed in are copied, so no alias
 * can change the state.
 */
export class State implements ProxyHandler<Values> {
  readonly #activation: Activation;
  readonly #shape: StateShape;
  readonly #codec: Codec;
  #loaded: LoadedState | undefined;
  #misfit: Error | undefined;
  #draft: Draft<Values> | undefined;
  #readOnly = false;
  #guard: () => void = () => undefined;
  /** Names of values that were deleted and not set since. */
  #deleted: Set<string> | undefined;

  constructor(activation: Activation, shape: StateShape, codec: Codec) {
    this.#activation = activation;
    this.#shape = shape;
    this.#codec = codec;
  }

  /** The error that kept the state from loading. */
  get misfit(): Error | undefined {
    return this.#misfit;
  }

  /** Returns the object that handlers see as `ctx.state`. `guard` runs before every access. */
  open(guard: () => void): object {
    this.#guard = guard;
    return new Proxy(Object.create(null) as Values, this);
  }

  /**
   * Returns the object that queries see as `ctx.state`. It refuses writes; nested ones are refused
   * when the query ends.
   */
  openReadOnly(guard: () => void): object {
    this.#readOnly = true;
    const refuse = (_: object, name: string | symbol): never => {
      throw this.#changed(String(name));
    };
    return new Proxy(this.open(guard), {
      set: refuse,
      deleteProperty: refuse,
      defineProperty: refuse,
    });
  }

  get(_: Values, name: string | symbol): unknown {
    const spec = typeof name === "string" ? this.#shape.specs.get(name) : undefined;
    if (spec !== undefined) return this.#read(String(name), spec);
    this.#guard();
    return undefined;
  }

  set(_: Values, name: string | symbol, value: unknown): boolean {
    this.#specOf(name);
    return this.#set(String(name), value);
  }

  deleteProperty(_: Values, name: string | symbol): boolean {
    return this.#delete(String(name), this.#specOf(name));
  }

  defineProperty(): boolean {
    return false;
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
    if (this.#misfit !== undefined) throw this.#misfit;
    const result = this.#finish();
    if (result !== undefined) {
      const { values } = this.#load();
      for (const [name, spec] of this.#shape.specs)
        if (Object.hasOwn(values, name)) this.#saveValue(name, spec, result[name]);
      const isMigrated = this.#loaded?.migratedFrom !== undefined && !this.#readOnly;
      if (isMigrated) this.#deleteFormer();
      if ((isMigrated || this.#activation.writes.length > 0) && this.#shape.version > 1)
        this.#activation.write(VERSION, { json: this.#shape.version });
    }
    for (const [name, spec] of this.#shape.specs) {
      if (spec.expireAfterCallMs === undefined || this.#activation.hasWritten(name)) continue;
      const stored = this.#activation.read(name);
      if (stored !== undefined)
        this.#activation.write(name, stored.content, this.#activation.now + spec.expireAfterCallMs);
    }
  }

  /** Discards the changes and revokes references to the draft. */
  discard(): void {
    try {
      this.#finish();
    } catch {
      // A draft that cannot be finished is discarded anyway.
    }
  }

  #saveValue(name: string, spec: StoredValueSpec, after: unknown): void {
    const isSame = Object.is(after, this.#loaded?.values[name]);
    if (this.#readOnly && !isSame) throw this.#changed(name);
    const stored = this.#activation.read(name);
    const old = stored?.content.text;
    const isDeleted = after === undefined || this.#deleted?.has(name) === true;
    // Immer does not notice when a Date or a byte array changes in place.
    const mayDiffer =
      !isSame ||
      isDeleted ||
      this.#loaded?.migratedFrom !== undefined ||
      mayHoldMutableLeaf(old ?? spec.initialText);
    if (this.#readOnly || !mayDiffer) return;
    const text = after === undefined ? spec.initialText : this.#encode(name, after);
    if (text === spec.initialText && (isDeleted || old === undefined)) {
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

  #open(): Values {
    return (this.#draft ??= immer.createDraft(this.#load().values));
  }

  #finish(): Values | undefined {
    const draft = this.#draft;
    if (draft === undefined) return undefined;
    this.#draft = undefined;
    try {
      return immer.finishDraft(draft);
    } catch (error) {
      // Immer's walk has no depth limit and does not say which part failed. The encoder does.
      for (const name of this.#shape.specs.keys()) this.#encode(name, draft[name]);
      throw error;
    }
  }

  #encode(name: string, value: unknown): Encoded {
    return this.#codec.encode(value, {
      limit: this.#activation.environment.payloadLimit,
      root: `state.${name}`,
    });
  }

  #changed(name: string): HandbackError {
    return new HandbackError(
      "READ_ONLY",
      `a query of ${this.#activation.address.type} writes to state.${name}: expected a handler`,
    );
  }

  #read(name: string, { initialText }: StoredValueSpec): unknown {
    this.#guard();
    const { values } = this.#load();
    if (!Object.hasOwn(values, name))
      this.#add(name, this.#decode(this.#activation.read(name)?.content.text ?? initialText));
    return this.#open()[name];
  }

  #set(name: string, value: unknown): boolean {
    this.#guard();
    const { values } = this.#load();
    if (!Object.hasOwn(values, name)) this.#add(name, undefined);
    this.#deleted?.delete(name);
    this.#open()[name] = value;
    return true;
  }

  /** A deleted value reads as its initial one. */
  #delete(name: string, { initialText }: StoredValueSpec): boolean {
    this.#set(name, this.#codec.decode(initialText));
    (this.#deleted ??= new Set()).add(name);
    return true;
  }

  /** Adds a value to the base of the draft. A draft that was already copied needs it too. */
  #add(name: string, value: unknown): void {
    this.#load().values[name] = value;
    if (this.#draft !== undefined && !Object.hasOwn(this.#draft, name)) this.#draft[name] = value;
  }

  #decode(text: Encoded): unknown {
    return this.#orMisfit(() => this.#codec.decode(text));
  }

  #load(): LoadedState {
    if (this.#loaded !== undefined) return this.#loaded;
    const read = (name: string): Content | undefined => this.#activation.read(name)?.content;
    return (this.#loaded = isReadByValue(this.#shape, read)
      ? { values: noValues(this.#shape), migratedFrom: undefined }
      : this.#orMisfit(() => {
          const names = this.#activation.storedNames();
          return loadState(this.#shape, { names, read }, this.#codec);
        }));
  }

  /** An error while loading keeps the activation from saving. */
  #orMisfit<Result>(load: () => Result): Result {
    try {
      return load();
    } catch (error) {
      this.#misfit = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
}
