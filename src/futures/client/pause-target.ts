import { readProperty } from "../../core/errors/thrown.ts";
import type { FlowsFilter } from "../listing/flow-filter.ts";
import type { FlowHandle } from "./flow-handle.ts";

/** A function to pause or resume: what `fn` or `stateful` gave, or its type. */
export type PausedFunction = { readonly function: string | object } & {
  readonly [Name in Exclude<keyof FlowsFilter, "function">]?: undefined;
};

/** The flow, the function, or the flows of a filter that a call is about. */
export type PauseTarget = string | FlowHandle<unknown> | PausedFunction | FlowsFilter;

/** Tells whether it is a filter of flows: an object other than a handle or a function. */
export function isFilter(target: unknown): target is FlowsFilter {
  return isOptions(target) && !isOnlyFunction(target);
}

/** Tells whether it is a function: an object with nothing but `function`. */
export function isFunction(target: unknown): target is PausedFunction {
  return isOptions(target) && isOnlyFunction(target);
}

function isOptions(target: unknown): target is object {
  return (
    typeof target === "object" && target !== null && readProperty(target, "result") === undefined
  );
}

function isOnlyFunction(target: object): boolean {
  const given = Object.entries(target).filter(([, value]) => value !== undefined);
  return given.length === 1 && given[0]?.[0] === "function";
}
