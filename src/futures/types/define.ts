import type { Duration } from "../../core/validation/duration.ts";
import type { StandardSchemaV1 } from "../../core/validation/standard-schema.ts";
import type { ValueSpec } from "../../core/state/value.ts";
import type { Context, NoState, QueryContext } from "./context.ts";
import type { Fn, StatefulFn } from "./function.ts";
import type { Future } from "./future.ts";
import type { Resolved } from "./resolved.ts";

/** How often, and how soon, a handler that threw is tried again. */
export interface RetryPolicy {
  /** Attempts in all, the first included; a whole number from 1. */
  readonly maxAttempts: number;
  /** Delay before the second attempt; default `"1s"`. */
  readonly initialDelay?: Duration;
  /** What each delay is multiplied by for the next, from 1; default 2. */
  readonly factor?: number;
  /** Longest delay; default `"5m"`. */
  readonly maxDelay?: Duration;
}

/** What every function can be given. */
export interface HandlingOptions {
  /** What to do when a handler throws; default: its callers' futures are rejected. */
  readonly retry?: RetryPolicy;
  /** Longest run of a handler, then it is abandoned with `HANDLER_TIMEOUT`; default: none. Parked time does not count. */
  readonly timeout?: Duration;
  /** Former types, `namespace/name`, whose stored messages, states, flows and keys this function takes over. */
  readonly aliases?: readonly string[];
  /** Functions this one is made of: an engine that hosts it hosts them, and what they are made of, without being told. */
  readonly parts?: readonly object[];
}

/**
 * Options of `fn`. With a schema, callers pass a `Raw` and the handler gets what the schema makes of it, an `Input`.
 */
export interface FunctionOptions<Input, Raw = Input> extends HandlingOptions {
  /** Checks every input once its futures are resolved; a refusal rejects with `INVALID_INPUT`. */
  readonly input?: StandardSchemaV1<Raw, Input>;
}

/** What runs when a function is invoked. The context has its type from here; annotate the input. */
export type Handler<Input, Return, State = NoState> = (ctx: Context<State>, input: Input) => Return;

/**
 * Defines a stateless function: its input is what the handler's second parameter is annotated with (or what its schema
 * gives), its output what the handler returns, with promises and futures unwrapped.
 *
 * Functions that call each other, or themselves, annotate what they return.
 *
 * @throws `INVALID_NAME`, `INVALID_HANDLER`, `INVALID_OPTIONS`, `INVALID_DELAY`
 */
export interface DefineFn {
  <Input = void, Return = unknown>(
    type: string,
    handler: Handler<Input, Return>,
  ): Fn<Input, Resolved<Return>>;
  <Input = void, Return = unknown, Raw = Input>(
    type: string,
    options: FunctionOptions<Input, Raw>,
    handler: Handler<Input, Return>,
  ): Fn<Raw, Resolved<Return>>;
}

/** The named values of a stateful function. */
export type ValueSpecs = Readonly<Record<string, ValueSpec<unknown>>>;

/** What `ctx.state` is, given the declared values: those without an initial value are optional. Futures cannot be kept. */
export type StateOf<Specs> = Flat<
  {
    [Name in keyof Specs as undefined extends Held<Specs[Name]> ? never : Name]: Held<Specs[Name]>;
  } & {
    [Name in keyof Specs as undefined extends Held<Specs[Name]> ? Name : never]?: Held<Specs[Name]>;
  }
>;

type Held<Spec> = Spec extends ValueSpec<infer T> ? (T extends Future<unknown> ? never : T) : never;
type Flat<T> = { -readonly [Key in keyof T]: T[Key] };

/** Handlers by operation name. `type` is taken: `counter.type` is the function's type. */
export type Handlers<State> = Readonly<Record<string, Handler<never, unknown, State>>> & {
  readonly type?: never;
};

/** Queries by name: they read state and answer, and can neither change nor start anything. */
export type Queries<State> = Readonly<
  Record<string, (ctx: QueryContext<State>, input: never) => unknown>
> & { readonly type?: never };

/** Options of `stateful` beside its values and operations. */
export interface StatefulOptions<State> extends HandlingOptions {
  /** Checks state as it is loaded; what it refuses parks the address with `STATE_SCHEMA_MISMATCH`. */
  readonly schema?: StandardSchemaV1<unknown, State>;
  /** Time after its last message at which a state is forgotten; default: 7 days if made without an id, else never. */
  readonly ageOut?: Duration;
  /** Version of the state's shape, a whole number from 1; default 1. */
  readonly version?: number;
  /** Makes state of this version from what is stored of an older one, of the values that are still declared; when first touched. */
  readonly migrate?: (old: Record<string, unknown>, fromVersion: number) => State;
}

/** What `stateful` is given: values, operations over them, and options. */
export interface StatefulDefinition<Specs, Ops, Asks> extends StatefulOptions<StateOf<Specs>> {
  readonly state: Specs;
  readonly handlers: Ops;
  readonly queries?: Asks & Queries<StateOf<Specs>>;
}

declare const holds: unique symbol;

/** Several operations over one state, without saying which: what `client.readState` takes. */
export interface StatefulFunction<out State> {
  /** Function type, `namespace/name`. */
  readonly type: string;
  /** Carries `State`; there is nothing at run time. */
  readonly [holds]: State;
}

/** Operations as functions to invoke: `counter.add` is a `StatefulFn<number, number>`. */
export type Operations<Ops> = { readonly [Name in keyof Ops]: Operation<Ops[Name]> };

type Operation<F> = F extends (ctx: never, ...rest: infer Rest) => infer Return
  ? StatefulFn<Rest extends readonly [] ? void : Rest[0 & keyof Rest], Resolved<Return>>
  : never;

/** Refuses queries that have the name of a handler. */
type Distinct<Clash> = [Clash] extends [never]
  ? unknown
  : { readonly queries: { readonly [Name in Clash & string]: never } };

/**
 * Defines a stateful function: named values, and operations that read and change them, one at a time per id.
 *
 * A handler's context has its type from `state`; annotate the input.
 *
 * @throws `INVALID_NAME`, `INVALID_HANDLER`, `INVALID_OPTIONS`, `INVALID_DELAY`, `UNSERIALIZABLE`
 */
export interface DefineStateful {
  <Specs extends ValueSpecs, Ops extends Handlers<StateOf<Specs>>, Asks = object>(
    type: string,
    definition: StatefulDefinition<Specs, Ops, Asks> & Distinct<keyof Ops & keyof Asks>,
  ): StatefulFunction<StateOf<Specs>> & Operations<Ops> & Operations<Asks>;
}
