import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { attachSpec, specOf } from "../../futures/define/spec.ts";
import type { FunctionSpec, OperationSpec } from "../../futures/define/spec.ts";

/** A handler, whatever it takes. */
export type AnyHandler = OperationSpec["handler"];

const standIns = new WeakSet<FunctionSpec>();
const recorded = new WeakSet<FunctionSpec>();

/** How a stand-in differs from its function. */
interface Change {
  readonly handler: (real: AnyHandler, operation: string) => AnyHandler;
  /** Options that it does without. */
  readonly without?: readonly (keyof FunctionSpec)[];
  readonly isRecorded?: boolean;
}

/**
 * Makes a function that takes the place of another one of its type: of an operation, with that operation changed; of a stateful
 * function, with all of them.
 *
 * @throws `UNKNOWN_FUNCTION` for what is no function
 */
export function standIn<Face extends object>(
  face: Face,
  { handler, without = [], isRecorded = false }: Change,
): Face {
  const spec = specOf(face);
  if (spec === undefined)
    throw new HandbackError(
      "UNKNOWN_FUNCTION",
      `expected what fn() or stateful() gave, got ${show(face)}`,
    );
  const only =
    "operation" in face && typeof face.operation === "string" ? face.operation : undefined;
  const change = ([name, operation]: [string, OperationSpec]): [string, OperationSpec] =>
    only === undefined || only === name
      ? [name, { ...operation, handler: handler(operation.handler, name) }]
      : [name, operation];
  const kept = Object.fromEntries(
    Object.entries(spec).filter(([name]) => !without.some((other) => other === name)),
  ) as FunctionSpec;
  const changed = { ...kept, operations: new Map([...spec.operations].map(change)) };
  standIns.add(changed);
  if (isRecorded || recorded.has(spec)) recorded.add(changed);
  return Object.freeze(attachSpec({ ...face }, changed));
}

/** Whether a function takes the place of the one of its type. */
export function isStandIn(spec: FunctionSpec): boolean {
  return standIns.has(spec);
}

/** Whether a function's calls are recorded. */
export function isRecorded(spec: FunctionSpec): boolean {
  return recorded.has(spec);
}
