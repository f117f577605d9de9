import { HandbackError } from "../../core/errors/errors.ts";
import { checkId } from "../../core/validation/names.ts";
import { NEW_STATE } from "../types/new-state.ts";
import type { StateId } from "../types/new-state.ts";
import type { Target } from "./target.ts";

/** Options of a call that may name a state. */
interface Options {
  readonly id?: StateId;
}

/**
 * Returns the id in the options of a call, and `undefined` for a new state or no state. An id that
 * is given as `undefined` is a mistake, not a wish for a new state.
 * @throws `INVALID_KEY`; `INVALID_OPTIONS` for a new state of a stateless function
 */
export function stateIdOf(options: Options, { type, spec }: Target): string | undefined {
  if (!("id" in options)) return undefined;
  if (options.id !== NEW_STATE) return checkId(options.id, `id of ${type}`);
  if (spec.state !== undefined) return undefined;
  const why = "is stateless: expected a string as its id, or none, got NEW_STATE";
  throw new HandbackError("INVALID_OPTIONS", `${type} ${why}`);
}

/**
 * Returns the id in options that must say which state they mean, because a new state that was made
 * by mistake would go unnoticed.
 * @throws as {@link stateIdOf}; `INVALID_OPTIONS` for an operation without an id
 */
export function requiredStateIdOf(options: Options, target: Target): string | undefined {
  const { type, operation, spec } = target;
  if (spec.state === undefined || "id" in options) return stateIdOf(options, target);
  const why = "needs the option id: expected the id of a state, or NEW_STATE for a new one";
  throw new HandbackError("INVALID_OPTIONS", `${type}.${operation} ${why}`);
}
