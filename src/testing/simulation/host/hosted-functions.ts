import { attachSpec, specOf } from "../../../futures/define/spec.ts";
import type { FunctionSpec, OperationSpec } from "../../../futures/define/spec.ts";
import { isStandIn } from "../../leaves/test-double.ts";

/** Runs a handler, with what a simulation does before and after it. */
export type Around = (
  spec: FunctionSpec,
  operation: string,
  handler: OperationSpec["handler"],
) => OperationSpec["handler"];

/**
 * Makes, of the functions that a user lists and the parts they bring, the ones that a simulated engine hosts: stand-ins take the place
 * of those of their type, and something goes around every handler.
 */
export function hostedFunctions(functions: readonly object[], around: Around): readonly object[] {
  const specs: FunctionSpec[] = [];
  // What is no function is left for the engine to refuse.
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
