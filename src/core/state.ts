import { createDraft, enableMapSet, finishDraft, freeze } from "immer";
import type { Draft } from "immer";
import type { Activation } from "./activation.ts";
import type { Codec } from "./codec/codec.ts";
import { mayHoldMutableLeaf } from "./codec/decode.ts";
import { HandbackError } from "./errors.ts";
import { loadState, VERSION } from "./stored-state.ts";
import type { LoadedState, StateShape, Values } from "./stored-state.ts";
import type { ValueSpec } from "./value.ts";

enableMapSet();

/**
 * One address's named values during an activation, as a draft.
 *
 * S1 Values are decoded when the state is first touched; an activation that does not touch it reads nothing.
 * S2 Only values that changed are written; deleting brings back the initial value.
 * S3 What user code keeps of the draft afterwards is revoked, and what it passed in was copied: no alias changes anything.
 */
export class State {
  readonly #activation: Activation;
  readonly #shape: StateShape;
  readonly #codec: Codec;
  #loaded: LoadedState | undefined;
  #misfit: Error | undefined;
  #draft: Draft<Values> | undefined;
  readonly #deleted = new Set<string>();

  constructor(activation: Activation, shape: StateShape, codec: Codec) {
    this.#activation = activation;
    this.#shape = shape;
    this.#codec = codec;
  }

  /** What handlers see as `ctx.state`; `guard` runs before every access. */
  open(guard: () => void): object {
    const { specs } = this.#shape;
    const draft = (): Values => (guard(), (this.#draft ??= createDraft(this.#load())));
    const known = (name: string | symbol): name is string => {
      if (typeof name === "string" && specs.has(name)) return true;
      throw new HandbackError(
        "UNKNOWN_VALUE",
        `${this.#activation.address.type} declares no value ${JSON.stringify(String(name))}; it has ${[...specs.keys()].join(", ")}`,
      );
    };
    return new Proxy(Object.create(null) as Values, {
      get: (_, name) => (typeof name === "symbol" || !specs.has(name) ? (guard(), undefined) : this.#read(draft(), name)),
      set: (_, name, value) => known(name) && this.#set(draft(), name, value),
      deleteProperty: (_, name) => known(name) && this.#delete(draft(), name),
      has: (_, name) => typeof name === "string" && specs.has(name),
      ownKeys: () => [...specs.keys()],
      getOwnPropertyDescriptor: (_, name) =>
        typeof name === "string" && specs.has(name)
          ? { value: this.#read(draft(), name), enumerable: true, configurable: true, writable: true }
          : undefined,
    });
  }

  /** The values, deeply frozen, for those who may not change them. */
  openFrozen(guard: () => void): object {
    const type = this.#activation.address.type;
    const refuse = (_: object, name: string | symbol): never => {
      throw new HandbackError("READ_ONLY", `a query of ${type} writes to state.${String(name)}: expected a handler`);
    };
    const frozen = (): Values => (guard(), freeze(this.#load(), true));
    return new Proxy(Object.create(null) as Values, {
      get: (_, name) => (typeof name === "string" ? frozen()[name] : undefined),
      set: refuse,
      deleteProperty: refuse,
      has: (_, name) => name in frozen(),
      ownKeys: () => Object.keys(frozen()),
      getOwnPropertyDescriptor: (_, name) =>
        typeof name === "string" && name in frozen()
          ? { value: frozen()[name], enumerable: true, configurable: true, writable: false }
          : undefined,
    });
  }

  /** Writes what changed, and renews what expires after each call. @throws `UNSERIALIZABLE`, `FUTURE_IN_STATE`, `PAYLOAD_TOO_LARGE` */
  save(): void {
    // Whatever user code made of it, a state that does not fit is not written over.
    if (this.#misfit !== undefined) throw this.#misfit;
    if (this.#draft !== undefined && this.#loaded !== undefined) {
      const result = finishDraft(this.#draft);
      this.#draft = undefined;
      for (const [name, spec] of this.#shape.specs) this.#saveValue(name, spec, result[name]);
      if (this.#activation.writes.size > 0 && this.#shape.version > 1) this.#activation.write(VERSION, { json: this.#shape.version });
    }
    for (const [name, spec] of this.#shape.specs) {
      if (spec.expireAfterCallMs === undefined || this.#activation.writes.has(name)) continue;
      const stored = this.#activation.read(name);
      if (stored !== undefined) this.#activation.write(name, stored.content, this.#activation.now + spec.expireAfterCallMs);
    }
  }

  #saveValue(name: string, spec: ValueSpec<unknown>, after: unknown): void {
    const stored = this.#activation.read(name);
    const old = stored?.content.text;
    if (after === undefined || (this.#deleted.has(name) && Object.is(after, spec.initial))) {
      if (stored !== undefined) this.#activation.delete(name);
      return;
    }
    const isSame = Object.is(after, this.#loaded?.values[name]) && this.#loaded?.migratedFrom === undefined;
    // Immer does not see a Date or a byte array change in place.
    if (isSame && (old === undefined || !mayHoldMutableLeaf(old))) return;
    const text = this.#codec.encode(after, { limit: this.#activation.environment.payloadLimit, root: `state.${name}` });
    if (text === old) return;
    const life = spec.expireAfterWriteMs ?? spec.expireAfterCallMs;
    this.#activation.write(name, { text }, life === undefined ? undefined : this.#activation.now + life);
  }

  #read(draft: Values, name: string): unknown {
    // A deleted value reads as its initial one.
    if (!(name in draft)) draft[name] = this.#shape.specs.get(name)?.initial;
    return draft[name];
  }

  #set(draft: Values, name: string, value: unknown): boolean {
    this.#deleted.delete(name);
    draft[name] = value;
    return true;
  }

  #delete(draft: Values, name: string): boolean {
    this.#deleted.add(name);
    return delete draft[name];
  }

  #load(): Values {
    if (this.#loaded !== undefined) return this.#loaded.values;
    try {
      this.#loaded = loadState(this.#shape, (name) => this.#activation.read(name)?.content, this.#codec);
      return this.#loaded.values;
    } catch (error) {
      this.#misfit = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
}
