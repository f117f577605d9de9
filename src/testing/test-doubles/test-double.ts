import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { attachSpec, specOf } from "../../futures/define/spec.ts";
import type { FunctionSpec, OperationSpec } from "../../futures/define/spec.ts";

/** A handler of any input. */
export type AnyHandler = OperationSpec["handler"];

const testDoubles = new WeakSet<FunctionSpec>();
const recorded = new WeakSet<FunctionSpec>();

/** The differences between a test double and its function. */
interface DoubleOptions {
  readonly handler: (real: AnyHandler, operation: string) => AnyHandler;
  /** Options to leave out. */
  readonly without?: readonly (keyof FunctionSpec)[];
  readonly isRecorded?: boolean;
}

/**
 * Makes a test double that replaces the function of the same type. Given an operation, only that
 * operation changes; given a stateful function, all of them do.
 *
 * @throws `UNKNOWN_FUNCTION` if it is not given a function
 */
export function makeTestDouble<Face extends object>(
  f: Face,
  { handler, without = [], isRecorded = false }: DoubleOptions,
): Face {
  const spec = specOf(f);
  if (spec === undefined)
    throw new HandbackError(
      "UNKNOWN_FUNCTION",
      `expected a function made by fn() or stateful(), got ${show(f)}`,
    );
  const only = "operation" in f && typeof f.operation === "string" ? f.operation : undefined;
  const change = ([name, operation]: [string, OperationSpec]): [string, OperationSpec] =>
    only === undefined || only === name
      ? [name, { ...operation, handler: handler(operation.handler, name) }]
      : [name, operation];
  const kept = Object.fromEntries(
    Object.entries(spec).filter(([name]) => !without.some((other) => other === name)),
  ) as FunctionSpec;
  const changed = { ...kept, operations: new Map([...spec.operations].map(change)) };
  testDoubles.add(changed);
  if (isRecorded || recorded.has(spec)) recorded.add(changed);
  return Object.freeze(attachSpec({ ...f }, changed));
}

/** Tells whether a spec is that of a test double. */
export function isTestDouble(spec: FunctionSpec): boolean {
  return testDoubles.has(spec);
}

/** Tells whether the runs of a function are recorded. */
export function isRecorded(spec: FunctionSpec): boolean {
  return recorded.has(spec);
}
