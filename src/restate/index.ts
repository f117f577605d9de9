/**
 * Functions on a Restate cluster.
 *
 * @packageDocumentation
 */
export { restate } from "./restate.ts";
export type { Restate } from "./restate.ts";
export type { RestateOptions } from "./options.ts";
