import { AGE_OUT_VALUE } from "../../core/activation/activation.ts";
import type { Definition } from "../../core/activation/definition.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { VERSION } from "../../core/state/stored-state.ts";
import { poisonCall } from "./poison-call.ts";
import { cancelCall } from "./cancel-call.ts";
import { combinatorDefinitions } from "../combinators/table.ts";
import { flow } from "../flow/flow.ts";
import { runHandler } from "./run.ts";
import type { FunctionSpec } from "../define/spec.ts";
import { specOf } from "../define/spec.ts";

/** The system functions, which every engine hosts beside the users'. */
const SYSTEM_FUNCTIONS: readonly Definition[] = [flow, ...combinatorDefinitions()];

/** Withdraws stored messages of functions that are not registered. */
export const unregistered: Definition = {
  type: "_sys/unregistered",
  valueNames: [],
  system: false,
  receive: cancelCall,
};

/**
 * Makes definitions for an engine of the functions that users list, with the parts they bring, and
 * the system functions.
 *
 * @throws `DUPLICATE_FUNCTION`, `INVALID_OPTIONS`
 */
export function defineAll(functions: readonly unknown[]): ReadonlyMap<string, Definition> {
  const specs = new Map<string, FunctionSpec>();
  for (const face of functions) collectSpecs(face, specs);
  const definitions = new Map<string, Definition>();
  for (const definition of [...SYSTEM_FUNCTIONS, ...[...specs.values()].map(toDefinition)]) {
    for (const type of [definition.type, ...(definition.aliases ?? [])]) {
      if (definitions.has(type)) throw duplicateFunction(type);
      definitions.set(type, definition);
    }
  }
  return definitions;
}

function collectSpecs(face: unknown, specs: Map<string, FunctionSpec>): void {
  const spec = specOf(face);
  if (spec === undefined)
    throw new HandbackError(
      "INVALID_OPTIONS",
      `functions: expected what fn() or stateful() gave, got ${show(face)}`,
    );
  const known = specs.get(spec.type);
  if (known === spec) return;
  if (known !== undefined) throw duplicateFunction(spec.type);
  specs.set(spec.type, spec);
  for (const part of spec.parts) collectSpecs(part, specs);
}

function duplicateFunction(type: string): HandbackError {
  return new HandbackError(
    "DUPLICATE_FUNCTION",
    `two functions are named ${type}; names and aliases must be unique`,
    {
      details: { function: type },
    },
  );
}

/** Returns the names of a function's values: those that every engine gives to an activation. */
function valueNamesOf({ state }: FunctionSpec): readonly string[] {
  return state === undefined
    ? []
    : [AGE_OUT_VALUE, VERSION, ...state.specs.keys(), ...state.formerValues];
}

function toDefinition(spec: FunctionSpec): Definition {
  return {
    type: spec.type,
    aliases: spec.aliases,
    valueNames: valueNamesOf(spec),
    system: false,
    receive: (activation) => {
      if (activation.withdrawn !== undefined) return cancelCall(activation);
      return activation.crashes === undefined
        ? runHandler(spec, activation)
        : poisonCall(activation, activation.crashes);
    },
  };
}
