/**
 * The ids of the states that tell what is paused (capability `pause`). A system function keeps one
 * state for each pause, and its id names the flow or function.
 */

/** The type of that system function. Its states are listed when an engine starts. */
export const PAUSE_TYPE = "_sys/pause";

const FLOW = "flow/";
const FUNCTION = "function/";

/** Begins the ids of the pauses of functions. */
export const FUNCTION_PAUSES = FUNCTION;

/** Returns the id of the pause of a flow, by the number of the flow. */
export function flowPauseId(number: string): string {
  return FLOW + number;
}

/** Returns the id of the pause of a function, by its type. */
export function functionPauseId(type: string): string {
  return FUNCTION + type;
}

/** Returns the number of the paused flow, or `undefined` for the pause of a function. */
export function pausedFlow(id: string): string | undefined {
  return id.startsWith(FLOW) ? id.slice(FLOW.length) : undefined;
}

/** Returns the type of the paused function, or `undefined` for the pause of a flow. */
export function pausedFunction(id: string): string | undefined {
  return id.startsWith(FUNCTION) ? id.slice(FUNCTION.length) : undefined;
}
