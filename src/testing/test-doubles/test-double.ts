import { Brand } from "../../core/data/brand.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { attachSpec, specOf } from "../../futures/define/spec.ts";
import type { FunctionSpec, OperationSpec } from "../../futures/define/spec.ts";

/** A handler of any input. */
export type AnyHandler = OperationSpec["handler"];

/** Marks the specs of test doubles. */
const doubles = new Brand<{ readonly isRecorded: boolean }>("TestDouble");

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
  doubles.attach(changed, { isRecorded: isRecorded || isRecordedSpec(spec) });
  return Object.freeze(attachSpec({ ...f }, changed));
}

/** Tells whether a spec is that of a test double. */
export function isTestDouble(spec: FunctionSpec): boolean {
  return doubles.read(spec) !== undefined;
}

/** Tells whether the runs of a function are recorded. */
export function isRecordedSpec(spec: FunctionSpec): boolean {
  return doubles.read(spec)?.isRecorded === true;
}
