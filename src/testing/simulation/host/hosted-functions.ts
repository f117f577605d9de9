import { attachSpec, specOf } from "../../../futures/define/spec.ts";
import type { FunctionSpec, OperationSpec } from "../../../futures/define/spec.ts";
import { isTestDouble } from "../../test-doubles/test-double.ts";

/** Wraps a handler with the work of the simulation before and after it. */
export type WrapHandler = (
  spec: FunctionSpec,
  operation: string,
  handler: OperationSpec["handler"],
) => OperationSpec["handler"];

/**
 * Lists the functions that a simulated engine hosts, from the functions of the user and their
 * parts. A test double replaces the function of the same type, and every handler is wrapped.
 */
export function hostedFunctions(
  functions: readonly object[],
  around: WrapHandler,
): readonly object[] {
  const specs: FunctionSpec[] = [];
  // Leave objects that are no functions for the engine to reject.
  const others: object[] = [];
  const collect = (f: object): void => {
    const spec = specOf(f);
    if (spec === undefined) others.push(f);
    else if (!specs.includes(spec)) {
      specs.push(spec);
      for (const part of spec.parts) collect(part);
    }
  };
  for (const f of functions) collect(f);
  const replaced = new Set(specs.filter(isTestDouble).map(({ type }) => type));
  const hosted = specs.filter((spec) => isTestDouble(spec) || !replaced.has(spec.type));
  return [
    ...others,
    ...hosted.map((spec) => attachSpec({ type: spec.type }, wrapHandlers(spec, around))),
  ];
}

function wrapHandlers(spec: FunctionSpec, around: WrapHandler): FunctionSpec {
  const operations = [...spec.operations].map(
    ([name, operation]) =>
      [name, { ...operation, handler: around(spec, name, operation.handler) }] as const,
  );
  return { ...spec, parts: [], operations: new Map(operations) };
}
