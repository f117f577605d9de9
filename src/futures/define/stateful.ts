import {
  callback,
  checkedBy,
  invalidOption,
  list,
  optional,
  readOptions,
  record,
  wholeNumber,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { parseDuration } from "../../core/validation/duration.ts";
import type { Duration } from "../../core/validation/duration.ts";
import { isThenable } from "../../core/data/kind.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { checkFunctionType, checkName } from "../../core/validation/names.ts";
import { show } from "../../core/errors/show.ts";
import type { StandardSchemaV1 } from "../../core/validation/standard-schema.ts";
import type { StateShape, StoredValueSpec, Values } from "../../core/state/stored-state.ts";
import type { ValueSpec } from "../../core/state/value.ts";
import type {
  DefineStateful,
  Handler,
  HandlingOptions,
  Operations,
  StatefulFunction,
} from "../types/define.ts";
import { codec } from "../protocol/codec.ts";
import { describeIssues, readResult } from "./schema-result.ts";
import { HANDLING_OPTIONS, handlerSpec, handlingSpec, standardSchema } from "./options.ts";
import { messageSchema, readAccepts } from "./accepts.ts";
import { attachSpec, RECEIVE } from "./spec.ts";
import type { Accepts } from "../types/message.ts";
import type { FunctionSpec, OperationSpec } from "./spec.ts";

interface Definition extends HandlingOptions {
  readonly state: Readonly<Record<string, ValueSpec<unknown>>>;
  readonly handlers: Readonly<Record<string, unknown>>;
  readonly queries?: Readonly<Record<string, unknown>>;
  readonly schema?: StandardSchemaV1<unknown, unknown>;
  readonly ageOut?: Duration | "never";
  readonly flowPerId?: readonly string[];
  readonly version?: number;
  readonly migrate?: (old: Values, fromVersion: number) => Values;
  readonly formerValues?: readonly string[];
  readonly accepts?: Accepts;
  readonly operationAliases?: Readonly<Record<string, readonly string[]>>;
}

/** A function of any state, with any operations. */
type Face = StatefulFunction<never> & Operations<Readonly<Record<string, Handler<never, never>>>>;

type Migration = NonNullable<Definition["migrate"]>;

const OPTIONS = {
  state: record<ValueSpec<unknown>>(),
  handlers: record<unknown>(),
  queries: withDefault({}, record<unknown>()),
  schema: optional(standardSchema<unknown, unknown>()),
  version: withDefault(1, wholeNumber({ from: 1 })),
  migrate: optional(callback<Migration>()),
  formerValues: withDefault([], list<string>()),
  operationAliases: withDefault({}, record<readonly string[]>()),
  ageOut: optional(checkedBy<number | "never", Duration | "never">(readOwnAgeOut)),
  flowPerId: withDefault([], list<string>()),
  accepts: optional(checkedBy(readAccepts)),
  ...HANDLING_OPTIONS,
} satisfies OptionTable<Definition>;

/**
 * Defines a stateful function: named values, and operations that read and change them, one at a
 * time per id.
 *
 * `ctx.state` is committed when a handler ends and rolled back when it throws. Queries read state
 * and change nothing. Each operation can be invoked by itself: `counter.add`.
 *
 * @throws `INVALID_NAME`, `INVALID_HANDLER`, `INVALID_OPTIONS`, `INVALID_DELAY`, `UNSERIALIZABLE`
 * @example
 * import { embedded, memory, stateful, value } from "handback";
 *
 * const counter = stateful("docs/tally", {
 *   state: { count: value(0) },
 *   handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
 * });
 *
 * const engine = await embedded({ functions: [counter], store: memory() });
 * await engine.client.call(counter.add, 2, { id: "user-1" });
 * console.log(await engine.client.readState(counter, "user-1")); // { count: 2 }
 * await engine.close();
 */
export const stateful = ((type: string, definition: Definition): Face => {
  checkFunctionType(type);
  const used = readOptions(type, OPTIONS, definition);
  const { state, handlers, queries, schema, version, migrate, ageOut, ...rest } = used;
  const { flowPerId, formerValues, operationAliases, accepts, ...handling } = rest;
  const operations = operationSpecs(type, handlers, queries);
  markFlowPerId(type, operations, flowPerId);
  if (accepts !== undefined) checkMessages(type, operations, accepts);
  const shape: StateShape = {
    specs: valueSpecs(type, state),
    version,
    ...(migrate !== undefined && { migrate }),
    ...(schema !== undefined && { check: (loaded) => checkState(type, schema, loaded) }),
  };
  const spec: FunctionSpec = {
    type,
    operations,
    formerOperations: formerOperations(type, operations, operationAliases),
    state: {
      ...shape,
      formerValues: formerNames(type, shape, formerValues),
      ...(ageOut === "never" && { isAgeless: true }),
      ...(typeof ageOut === "number" && { ageOutMs: ageOut }),
    },
    ...(accepts !== undefined && { accepts }),
    ...handlingSpec(handling),
  };
  const faces = [...operations.keys()].map(
    (operation) => [operation, Object.freeze(attachSpec({ type, operation }, spec))] as const,
  );
  const face = { type, ...Object.fromEntries(faces) } as Face;
  return Object.freeze(attachSpec(face, spec));
}) as DefineStateful;

function readOwnAgeOut(value: unknown, name: string): number | "never" {
  return value === "never" ? value : parseDuration(value, name);
}

function operationSpecs(
  type: string,
  handlers: Definition["handlers"],
  queries: Definition["handlers"],
): Map<string, OperationSpec> {
  const operations = new Map<string, OperationSpec>();
  for (const [group, readOnly] of [
    [handlers, false],
    [queries, true],
  ] as const) {
    for (const [name, handler] of Object.entries(group)) {
      checkName(name, `operation of ${type}`);
      if (name === "type" || operations.has(name))
        throw new HandbackError("INVALID_NAME", `operation ${name} of ${type}: the name is taken`);
      operations.set(name, handlerSpec(`handler ${name} of ${type}`, handler, readOnly));
    }
  }
  if (operations.size === 0)
    throw new HandbackError("INVALID_OPTIONS", `handlers of ${type}: expected at least one`);
  return operations;
}

/** Marks the operations whose flows have the id of their state as key. */
function markFlowPerId(
  type: string,
  operations: Map<string, OperationSpec>,
  names: readonly string[],
): void {
  for (const name of names) {
    const operation = operations.get(name);
    if (operation === undefined)
      throw invalidOption(`flowPerId of ${type}`, "names of its operations", name);
    operations.set(name, { ...operation, flowPerId: true });
  }
}

/** Gives the operation `receive` the schema of its messages. */
function checkMessages(
  type: string,
  operations: Map<string, OperationSpec>,
  accepts: ReadonlyMap<string, StandardSchemaV1<unknown, unknown>>,
): void {
  const receive = operations.get(RECEIVE);
  if (receive === undefined || receive.readOnly)
    throw new HandbackError("INVALID_OPTIONS", `accepts of ${type}: expected a handler ${RECEIVE}`);
  operations.set(RECEIVE, { ...receive, input: messageSchema(accepts) });
}

function valueSpecs(type: string, state: Definition["state"]): Map<string, StoredValueSpec> {
  const specs = new Map<string, StoredValueSpec>();
  for (const [name, spec] of Object.entries(state)) {
    checkName(name, `value of ${type}`);
    if (typeof spec !== "object" || spec === null || !("initial" in spec)) {
      throw new HandbackError(
        "INVALID_OPTIONS",
        `state.${name} of ${type}: expected a value(...), got ${show(spec)}`,
      );
    }
    const { initial, ...expiry } = spec;
    specs.set(name, { ...expiry, initialText: codec.encode(initial, { root: `state.${name}` }) });
  }
  return specs;
}

/**
 * Lists the former names of operations, with the current ones. @throws `INVALID_NAME`,
 * `INVALID_OPTIONS`
 */
function formerOperations(
  type: string,
  operations: ReadonlyMap<string, OperationSpec>,
  aliases: NonNullable<Definition["operationAliases"]>,
): ReadonlyMap<string, string> {
  const current = new Map<string, string>();
  for (const [name, formerNames] of Object.entries<unknown>(aliases)) {
    const option = `operationAliases of ${type}`;
    if (!operations.has(name)) throw invalidOption(option, "names of its operations", name);
    if (!Array.isArray(formerNames))
      throw invalidOption(`${option}, ${name}`, "a list", formerNames);
    for (const given of formerNames as readonly unknown[]) {
      const former = checkName(given, `alias of the operation ${name} of ${type}`);
      if (operations.has(former) || current.has(former))
        throw invalidOption(option, "former names that no operation has, each once", former);
      current.set(former, name);
    }
  }
  return current;
}

/** Checks the names of values of former versions. @throws `INVALID_NAME`, `INVALID_OPTIONS` */
function formerNames(
  type: string,
  { specs }: StateShape,
  names: readonly string[],
): readonly string[] {
  for (const name of names) {
    checkName(name, `former value of ${type}`);
    if (specs.has(name))
      throw invalidOption(`formerValues of ${type}`, "names that state does not declare", name);
  }
  return [...new Set(names)];
}

function checkState(
  type: string,
  schema: StandardSchemaV1<unknown, unknown>,
  loaded: Values,
): Values {
  const returned = schema["~standard"].validate({ ...loaded });
  if (isThenable(returned)) {
    // Its rejection has no consumer.
    Promise.resolve(returned).catch(() => undefined);
    throw new HandbackError(
      "INVALID_OPTIONS",
      `schema of ${type}: expected one that checks at once, got a promise`,
    );
  }
  const result = readResult(returned, `state of ${type}`);
  if (result.issues === undefined) return checkedValues(result.value, type);
  const issues = describeIssues(result.issues);
  throw new HandbackError(
    "STATE_SCHEMA_MISMATCH",
    `stored state of ${type} does not fit its schema: ${issues.join("; ")}`,
    {
      details: { function: type, issues },
    },
  );
}

function checkedValues(value: unknown, type: string): Values {
  if (typeof value === "object" && value !== null) return value as Values;
  throw new HandbackError(
    "INVALID_OPTIONS",
    `schema for the state of ${type}: expected an object of values, got ${show(value)}`,
  );
}
