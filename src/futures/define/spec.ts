import { readProperty } from "../../core/errors/thrown.ts";
import type { HistoryDetail } from "../../core/activation/history-note.ts";
import type { StandardSchemaV1 } from "../../core/validation/standard-schema.ts";
import type { StateShape } from "../../core/state/stored-state.ts";

// Not a Brand: a symbol known to the compiler is found seven times as fast, at every invocation.
const SPEC = Symbol.for("handback.FunctionSpec");

/** One operation of a function, as the runtime knows it. */
export interface OperationSpec {
  /** Takes any context and input: the public types have checked them where it was defined. */
  handler(this: void, ctx: object, input: unknown): unknown;
  /** True for a query: it reads state, and neither changes nor starts anything. */
  readonly readOnly: boolean;
  /** True if each state has one flow, so that `id` sets the flow's key too. */
  readonly flowPerId?: boolean;
  /** Schema of this operation's input. */
  readonly input?: StandardSchemaV1<unknown, unknown>;
}

/** A retry policy, checked, in ms. */
export interface RetrySpec {
  readonly maxAttempts: number;
  readonly initialDelayMs: number;
  readonly factor: number;
  readonly maxDelayMs: number;
}

/** A user's function as the runtime knows it. `fn` and `stateful` hide it behind a typed object. */
export interface FunctionSpec {
  readonly type: string;
  readonly aliases: readonly string[];
  /** Present for stateful functions. */
  readonly state?: StateShape & {
    /** Names of values of former versions, for engines that know no other values. */
    readonly formerValues: readonly string[];
    readonly ageOutMs?: number;
    /** States with given ids do not age out, whatever the engine says. */
    readonly isAgeless?: true;
  };
  readonly operations: ReadonlyMap<string, OperationSpec>;
  /** Current names of operations, by former name. */
  readonly formerOperations: ReadonlyMap<string, string>;
  readonly input?: StandardSchemaV1<unknown, unknown>;
  /** Schemas of the accepted messages, by the name of their type. */
  readonly accepts?: ReadonlyMap<string, StandardSchemaV1<unknown, unknown>>;
  readonly retry?: RetrySpec;
  readonly timeoutMs?: number;
  /** The end of a call that throws. Absent: as the engine says. */
  readonly whenFailed?: "fail" | "pause";
  readonly graceMs?: number;
  /** Largest number of its handlers that work at the same time. Absent: any. */
  readonly concurrency?: number;
  /** What the history tells about it. Absent: what the engine says. */
  readonly history?: HistoryDetail;
  /** The names of the events that its flows take. Absent: any. */
  readonly events?: readonly string[];
  /** Functions that this one is made of, registered with it. */
  readonly parts: readonly object[];
}

/** Name of a stateless function's only operation. */
export const CALL = "call";

/** Name of the message that creates a state and does nothing else. */
export const CREATE = "@create";

/** Names of the messages that delete a state, and that set its age-out time. */
export const TERMINATE = "@terminate";
export const EXPIRE_AFTER = "@expire-after";

/** Operations that every stateful function has. They wait in the mailbox like any other. */
export const STATE_OPERATIONS: ReadonlyMap<string, OperationSpec> = new Map<string, OperationSpec>([
  [TERMINATE, { readOnly: false, handler: (ctx) => (ctx as Ended).terminate() }],
  [
    EXPIRE_AFTER,
    { readOnly: false, handler: (ctx, ms) => (ctx as Ended).expireAfter(ms as number) },
  ],
]);

/** The part of a handler's context that ends a state. */
interface Ended {
  terminate(): void;
  expireAfter(ms: number): void;
}

/**
 * Name of a message that names its own type. The receiver chooses the operation: `receive`, the only
 * one, or the one that the type names.
 */
export const MESSAGE = "@message";

/** The operation of a stateful function that receives messages which name their own type. */
export const RECEIVE = "receive";

/** Tells whether a function takes messages of this name. */
export function takesMessage(spec: FunctionSpec, name: string): boolean {
  if (name === CREATE || name === MESSAGE) return true;
  const endsState = name === TERMINATE || name === EXPIRE_AFTER;
  return endsState ? spec.state !== undefined : findOperation(spec, name) !== undefined;
}

/** Finds an operation of a function by its name, or a former one. */
export function findOperation(
  { operations, formerOperations }: FunctionSpec,
  name: string,
): OperationSpec | undefined {
  const current = operations.get(name);
  if (current !== undefined || formerOperations.size === 0) return current;
  return operations.get(formerOperations.get(name) ?? name);
}

/** Attaches a spec to the object that users hold. */
export function attachSpec<T extends object>(face: T, spec: FunctionSpec): T {
  return Object.defineProperty(face, SPEC, { value: spec });
}

/** Returns the spec of a function or operation, and `undefined` for anything else. */
export function specOf(face: unknown): FunctionSpec | undefined {
  if ((typeof face !== "object" && typeof face !== "function") || face === null) return undefined;
  // Both reads may throw: user code can put any object under the symbol, also a proxy. Only a spec
  // has a list of parts.
  const spec = readProperty(face, SPEC) as FunctionSpec | null | undefined;
  if (typeof spec !== "object" || spec === null) return undefined;
  return Array.isArray(readProperty(spec, "parts")) ? spec : undefined;
}
