import type { Duration } from "../../core/validation/duration.ts";
import type { StandardSchemaV1 } from "../../core/validation/standard-schema.ts";
import type { ValueSpec } from "../../core/state/value.ts";
import type { Context, NoState, QueryContext } from "./context.ts";
import type { Fn, Named, StatefulFn } from "./function.ts";
import type { Future } from "./future.ts";
import type { Accepts, MessageOf, RawMessageOf } from "./message.ts";
import type { Resolved } from "./resolved.ts";

/**
 * A retry policy for a handler that throws. It gives up after failures that no attempt can mend, as
 * `isRetryable` says, and waits as long as a failure asks with `retryLater`.
 */
export interface RetryPolicy {
  /** Attempts in all, the first included. A whole number from 1. */
  readonly maxAttempts: number;
  /** Delay before the second attempt. Default: `"1s"`. */
  readonly initialDelay?: Duration;
  /** Factor between one delay and the next, from 1. Default: 2. */
  readonly factor?: number;
  /** Longest delay. Default: `"5m"`. */
  readonly maxDelay?: Duration;
}

/** What the history of flows tells. */
export interface HistoryDetailOptions {
  /**
   * `"lifecycle"`: the starts and ends of flows. `"everything"`: also the runs and messages of
   * functions, and what flows wait for. Default: `"everything"`.
   */
  readonly detail?: "lifecycle" | "everything";
}

/** The end of a call whose handler throws: it fails for its callers, or it waits for a person. */
export type WhenFailed = "fail" | "pause";

/** Options of every function. */
export interface HandlingOptions {
  /**
   * Retry policy for a handler that throws. Default: none, and its callers' futures are rejected.
   */
  readonly retry?: RetryPolicy;
  /**
   * Longest run of a handler. Then it is abandoned with `HANDLER_TIMEOUT`. Default: none. Parked
   * time does not count.
   */
  readonly timeout?: Duration;
  /**
   * Time that a canceled handler may take to end. Clean-up waits for it. Then the handler is given
   * up, and its effects are dropped. Default: `timeout`, else `"30s"`.
   */
  readonly grace?: Duration;
  /**
   * Largest number of handlers of this function that work at the same time, from 1. Further calls
   * wait, and other functions go on meanwhile. Default: as many as the engine has handler slots.
   *
   * A handler that is blocked in `ctx.get` does not count, and continues without waiting for the
   * others. Only the embedded engine knows the limit: clusters refuse it with `UNSUPPORTED`.
   */
  readonly concurrency?: number;
  /**
   * Former types, `namespace/name`. The function takes over their stored messages, states, flows
   * and keys.
   */
  readonly aliases?: readonly string[];
  /**
   * The names of all events that flows of this function wait for. A signal of another name is
   * `INVALID_NAME`. Default: any name.
   */
  readonly events?: readonly string[];
  /**
   * Whether the history of flows tells about this function, and how much. Default: what the option
   * `history` of the engine says.
   */
  readonly history?: boolean | HistoryDetailOptions;
  /**
   * The end of a call whose handler throws, after the attempts of its retry policy. `"fail"`: its
   * callers' futures are rejected. `"pause"`: the call waits, with all that waits for it, until
   * `client.resume` runs it again or `client.fail` lets the failure pass on. Its flow is `paused`
   * meanwhile. Default: that of the engine, which is `"fail"`.
   *
   * Cancellations, failures of other functions that are passed on, and errors made with `terminal`
   * never pause. One-way messages become dead letters.
   */
  readonly whenFailed?: WhenFailed;
  /** Functions that this one is made of. An engine that hosts it hosts them too. */
  readonly parts?: readonly object[];
}

/**
 * Options of `fn`. With a schema, callers pass a `Raw` and the handler gets the schema's output, an
 * `Input`.
 */
export interface FunctionOptions<Input, Raw = Input> extends HandlingOptions {
  /**
   * Checks every input once its futures are resolved. A refused input rejects with `INVALID_INPUT`.
   */
  readonly input?: StandardSchemaV1<Raw, Input>;
}

/** Options of an `fn` that takes several types of messages. */
export interface MessageFunctionOptions<Types extends Accepts> extends HandlingOptions {
  /**
   * Schemas of the accepted types of messages, by the name of the type. A message of another type
   * rejects with `INVALID_INPUT`, unless `"*"` accepts all types.
   */
  readonly accepts: Types;
}

/**
 * The code that runs when a function is invoked. This type gives the context its type. Annotate the
 * input.
 */
export type Handler<Input, Return, State = NoState> = (ctx: Context<State>, input: Input) => Return;

/**
 * Defines a stateless function. The input has the type of the handler's second parameter, or of its
 * schema. The output is the handler's result, with promises and futures unwrapped.
 *
 * Functions that call each other, or themselves, annotate their return type.
 *
 * @throws `INVALID_NAME`, `INVALID_HANDLER`, `INVALID_OPTIONS`, `INVALID_DELAY`
 */
export interface DefineFn {
  <
    Inputs extends readonly [input?: unknown],
    Return = unknown,
    Ignored = void,
    const Type extends string = string,
  >(
    type: Type,
    handler: (ctx: Context, ...inputs: Inputs) => Return,
  ): Fn<FirstOf<Inputs, Ignored>, Resolved<Return>> & Named<Type>;
  <Types extends Accepts, Return = unknown, const Type extends string = string>(
    type: Type,
    options: MessageFunctionOptions<Types>,
    handler: Handler<MessageOf<Types>, Return>,
  ): Fn<RawMessageOf<Types>, Resolved<Return>> & Named<Type>;
  <
    Inputs extends readonly [input?: unknown],
    Return = unknown,
    Ignored = void,
    const Type extends string = string,
  >(
    type: Type,
    options: HandlingOptions & { readonly input?: undefined },
    handler: (ctx: Context, ...inputs: Inputs) => Return,
  ): Fn<FirstOf<Inputs, Ignored>, Resolved<Return>> & Named<Type>;
  <Input = void, Return = unknown, Raw = Input, const Type extends string = string>(
    type: Type,
    options: FunctionOptions<Input, Raw>,
    handler: Handler<Input, Return>,
  ): Fn<Raw, Resolved<Return>> & Named<Type>;
}

/**
 * The input of a handler with these parameters after `ctx`. A parameter with a default value may be
 * left out. A handler without an input ignores any that its use asks for.
 */
type FirstOf<Inputs extends readonly unknown[], Ignored = void> = Inputs extends readonly []
  ? Ignored
  : Inputs[0 & keyof Inputs];

/** The named values of a stateful function. */
export type ValueSpecs = Readonly<Record<string, ValueSpec<unknown>>>;

/**
 * The type of `ctx.state` for some declared values. Values without an initial one are optional.
 * Futures cannot be kept.
 */
export type StateOf<Specs> = Flat<
  {
    [Name in keyof Specs as undefined extends Held<Specs[Name]> ? never : Name]: Held<Specs[Name]>;
  } & {
    [Name in keyof Specs as undefined extends Held<Specs[Name]> ? Name : never]?: Held<Specs[Name]>;
  }
>;

type Held<Spec> = Spec extends ValueSpec<infer T> ? (T extends Future<unknown> ? never : T) : never;
type Flat<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Handlers by operation name. The name `type` is reserved: `counter.type` is the function's type.
 */
export type Handlers<State> = Readonly<Record<string, Handler<never, unknown, State>>> & {
  readonly type?: never;
};

/**
 * Queries by name. They read state and return a result, and can neither change nor start anything.
 */
export type Queries<State> = Readonly<
  Record<string, (ctx: QueryContext<State>, input: never) => unknown>
> & { readonly type?: never };

/** Options of `stateful` beside its values and operations. */
export interface StatefulOptions<State> extends HandlingOptions {
  /**
   * Checks state when it is loaded. A refused state parks the address with `STATE_SCHEMA_MISMATCH`.
   */
  readonly schema?: StandardSchemaV1<unknown, State>;
  /**
   * Time after its last message at which a state is deleted, unless work is under way that may come
   * back to it. `"never"`: a state with a given id is kept, also if the engine has an
   * `ageOutOfGivenIds`. Default: the age-out times of the engine.
   */
  readonly ageOut?: Duration | "never";
  /**
   * Schemas of the types of messages that the handler `receive` takes, by the name of the type.
   * `"*"` accepts all other types. Default: `receive` takes messages of any type, unchecked.
   */
  readonly accepts?: Accepts;
  /** Version of the state's shape, a whole number from 1. Default: 1. */
  readonly version?: number;
  /**
   * Makes state of this version from all stored values of an older one, declared or not. Values
   * that it does not return are deleted in the same commit. Runs when the state is first used.
   */
  readonly migrate?: (old: Record<string, unknown>, fromVersion: number) => State;
  /**
   * Names of values that earlier versions had and this one does not. Only an engine without
   * `undeclaredValues` needs them: there `migrate` and `terminate` see no other values. Default:
   * none.
   */
  readonly formerValues?: readonly string[];
}

/** The definition of a stateful function: values, operations over them, and options. */
export interface StatefulDefinition<Specs, Ops, Asks> extends StatefulOptions<StateOf<Specs>> {
  readonly state: Specs;
  readonly handlers: Ops;
  readonly queries?: Asks & Queries<StateOf<Specs>>;
  /**
   * Operations that have one flow per id. A client that starts one with an `id` and no `key` uses
   * the id as the flow's key too. Default: none.
   */
  readonly flowPerId?: readonly (NoInfer<keyof Ops> & string)[];
  /**
   * Former names of operations and queries, by current name: `{ increase: ["add"] }`. Messages to a
   * former name, also stored ones, go to the operation. Default: none.
   */
  readonly operationAliases?: {
    readonly [Name in NoInfer<keyof Ops | keyof Asks> & string]?: readonly string[];
  };
}

declare const holds: unique symbol;

/** A stateful function as a whole, without one of its operations. `client.readState` takes it. */
export interface StatefulFunction<out State> {
  /** Function type, `namespace/name`. */
  readonly type: string;
  /** Carries `State`. Absent at run time. */
  readonly [holds]: State;
}

/** Operations as functions to invoke: `counter.add` is a `StatefulFn<number, number>`. */
export type Operations<Ops> = { readonly [Name in keyof Ops]: Operation<Ops[Name]> };

type Operation<F> = F extends (ctx: never, ...rest: infer Rest) => infer Return
  ? StatefulFn<FirstOf<Rest>, Resolved<Return>>
  : never;

/**
 * Refuses an input without a type, which would be `never`. A default value gives it one.
 */
type Annotated<Ops> = {
  readonly [Name in keyof Ops]: Ops[Name] extends (ctx: never, ...rest: infer Rest) => unknown
    ? Rest extends readonly [input?: infer Input]
      ? [Input] extends [never]
        ? "annotate the input of this handler"
        : unknown
      : unknown
    : unknown;
};

/** Refuses a handler with the name of a query. */
type Distinct<Asks> = { readonly [Name in keyof Asks]?: never };

/**
 * Defines a stateful function: named values, and operations that read and change them, one at a
 * time per id.
 *
 * A handler's context has its type from `state`. Annotate the input.
 *
 * @throws `INVALID_NAME`, `INVALID_HANDLER`, `INVALID_OPTIONS`, `INVALID_DELAY`, `UNSERIALIZABLE`
 */
export interface DefineStateful {
  <
    Specs extends ValueSpecs,
    // The names are compared here, because queries that need no types come before the handlers.
    Ops extends Handlers<StateOf<Specs>> & Distinct<Asks> & Annotated<Ops>,
    Asks extends Annotated<Asks> = object,
    const Type extends string = string,
  >(
    type: Type,
    definition: StatefulDefinition<Specs, Ops, Asks>,
  ): StatefulFunction<StateOf<Specs>> &
    Named<Type> &
    Operations<NoInfer<Ops>> &
    Operations<NoInfer<Asks>>;
}
