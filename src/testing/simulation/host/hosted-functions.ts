import { attachSpec, specOf } from "../../../futures/define/spec.ts";
import type { FunctionSpec, OperationSpec } from "../../../futures/define/spec.ts";
import { isStandIn } from "../../leaves/test-double.ts";

/** Wraps a handler with the work of the simulation before and after it. */
export type Around = (
  spec: FunctionSpec,
  operation: string,
  handler: OperationSpec["handler"],
) => OperationSpec["handler"];

/**
 * Lists the functions that a simulated engine hosts, from the functions of the user and their
 * parts. A test double replaces the function of the same type, and every handler is wrapped.
 */
export function hostedFunctions(functions: readonly object[], around: Around): readonly object[] {
  const specs: FunctionSpec[] = [];
  // Leave objects that are no functions for the engine to reject.
  const strange: object[] = [];
  const collect = (face: object): void => {
    const spec = specOf(face);
    if (spec === undefined) strange.push(face);
    else if (!specs.includes(spec)) {
      specs.push(spec);
      for (const part of spec.parts) collect(part);
    }
  };
  for (const face of functions) collect(face);
  const replaced = new Set(specs.filter(isStandIn).map(({ type }) => type));
  const hosted = specs.filter((spec) => isStandIn(spec) || !replaced.has(spec.type));
  return [
    ...strange,
    ...hosted.map((spec) => attachSpec({ type: spec.type }, surround(spec, around))),
  ];
}

function surround(spec: FunctionSpec, around: Around): FunctionSpec {
  const operations = [...spec.operations].map(
    ([name, operation]) =>
      [name, { ...operation, handler: around(spec, name, operation.handler) }] as const,
  );
  return { ...spec, parts: [], operations: new Map(operations) };
}
