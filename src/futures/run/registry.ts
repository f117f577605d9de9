import { AGE_OUT_VALUE } from "../../core/activation/age-out.ts";
import { GRACE_MS } from "../../core/activation/definition.ts";
import type { Definition } from "../../core/activation/definition.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { VERSION } from "../../core/state/stored-state.ts";
import type { Failure } from "../types/failure.ts";
import { discardCall, poisonCall } from "./poison-call.ts";
import { cancelCall } from "./cancel-call.ts";
import { combinatorDefinitions } from "../combinators/table.ts";
import { flow } from "../flow/flow.ts";
import { pause } from "../repair/pause.ts";
import { processNumbers } from "../flow/process-numbers.ts";
import { signalKeys } from "../flow/signal-keys.ts";
import { storeSecret } from "../flow/store-secret.ts";
import { runHandler } from "./run.ts";
import type { FunctionSpec } from "../define/spec.ts";
import { specOf } from "../define/spec.ts";
import { missingOperation } from "../define/receiver.ts";

/** The system functions, which every engine hosts beside the users'. */
const SYSTEM_FUNCTIONS: readonly Definition[] = [
  flow,
  signalKeys,
  storeSecret,
  pause,
  processNumbers,
  ...combinatorDefinitions(),
];

/** Withdraws stored messages of functions that are not registered. */
export const unregistered: Definition = {
  type: "_sys/unregistered",
  valueNames: [],
  system: false,
  receive: (activation) =>
    activation.discarded === undefined
      ? cancelCall(activation)
      : discardCall(activation, activation.discarded as Failure),
};

/**
 * Makes definitions for an engine of the functions that users list, with the parts they bring, and
 * the system functions.
 *
 * @throws `DUPLICATE_FUNCTION`, `INVALID_OPTIONS`
 */
export function defineAll(functions: readonly unknown[]): ReadonlyMap<string, Definition> {
  const specs = specsOf(functions);
  const definitions = new Map<string, Definition>();
  const own = [...specs.values()].map((spec) => toDefinition(spec, stageAliases(spec, specs)));
  for (const definition of [...SYSTEM_FUNCTIONS, ...own]) {
    for (const type of [definition.type, ...(definition.aliases ?? [])]) {
      const other = definitions.get(type);
      if (other !== undefined) throw duplicateFunction(type, other, definition);
      definitions.set(type, definition);
    }
  }
  return definitions;
}

/**
 * Returns the names of a pattern's stage under the former names of the pattern. A stage is a part
 * of the pattern whose name begins with that of the pattern and a dot.
 */
function stageAliases(
  stage: FunctionSpec,
  specs: ReadonlyMap<string, FunctionSpec>,
): readonly string[] {
  const pattern = specs.get(stage.type.slice(0, stage.type.lastIndexOf(".")));
  if (pattern === undefined || !pattern.parts.some((part) => specOf(part) === stage)) return [];
  const prefix = `${pattern.type}.`;
  const names = [stage.type, ...stage.aliases].filter((name) => name.startsWith(prefix));
  return pattern.aliases.flatMap((alias) =>
    names.map((name) => `${alias}.${name.slice(prefix.length)}`),
  );
}

/**
 * Returns the specs of the functions that users list, and of the parts they bring, by type. @throws
 * `DUPLICATE_FUNCTION`, `INVALID_OPTIONS`
 */
export function specsOf(functions: readonly unknown[]): ReadonlyMap<string, FunctionSpec> {
  const specs = new Map<string, FunctionSpec>();
  for (const face of functions) collectSpecs(face, specs);
  return specs;
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
  if (known !== undefined) throw duplicateFunction(spec.type, known, spec);
  specs.set(spec.type, spec);
  for (const part of spec.parts) collectSpecs(part, specs);
}

/** A function with its names, current and former. */
type Named = Pick<Definition, "type" | "aliases">;

function duplicateFunction(type: string, first: Named, second: Named): HandbackError {
  const role = (named: Named): string =>
    named.type === type ? `the name of ${named.type}` : `an alias of ${named.type}`;
  const why =
    first === second
      ? `${first.type} lists ${type} as an alias, which it already has as a name or alias`
      : role(first) === role(second)
        ? `two functions are named ${type}`
        : `${type} is ${role(first)} and ${role(second)}`;
  return new HandbackError(
    "DUPLICATE_FUNCTION",
    `${why}; names and aliases must be unique, and an alias is the name of no other function`,
    { details: { function: type } },
  );
}

/** Returns the names of a function's values: those that every engine gives to an activation. */
function valueNamesOf({ state }: FunctionSpec): readonly string[] {
  return state === undefined
    ? []
    : [AGE_OUT_VALUE, VERSION, ...state.specs.keys(), ...state.formerValues];
}

function toDefinition(spec: FunctionSpec, stageAliases: readonly string[]): Definition {
  const graceMs = spec.graceMs ?? spec.timeoutMs ?? GRACE_MS;
  return {
    type: spec.type,
    graceMs,
    history: spec.history,
    concurrency: spec.concurrency,
    aliases: [...spec.aliases, ...stageAliases],
    valueNames: valueNamesOf(spec),
    system: false,
    missingOperation: (name, payload) => missingOperation(spec, name, payload),
    receive: (activation) => {
      if (activation.withdrawn !== undefined) return cancelCall(activation);
      if (activation.discarded !== undefined)
        return discardCall(activation, activation.discarded as Failure);
      return activation.crashes === undefined
        ? runHandler(spec, activation)
        : poisonCall(spec, activation, activation.crashes);
    },
  };
}
