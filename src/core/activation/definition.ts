import type { Encoded } from "../codec/encoded.ts";
import type { Activation } from "./activation.ts";
import type { HistoryDetail } from "./history-note.ts";

/**
 * A function as core and engines know it: its type, the names of its persisted values, and its
 * handling of a message.
 *
 * The names of values are fixed per type, because an engine may ship all of them with every
 * request.
 */
export interface Definition {
  /** Function type, `namespace/name`. */
  readonly type: string;
  /** Former types. The function takes over their stored messages and states. */
  readonly aliases?: readonly string[];
  readonly valueNames: readonly string[];
  /**
   * True if the function is pure: it has no effect but its Effects, and does not wait. It may then
   * run in the batch that caused it. A user's handler runs only once its message is durable.
   */
  readonly system: boolean;
  /**
   * Names the operation that the function lacks for a message. `undefined`, or absent: it takes the
   * message. An engine parks messages for a missing operation, like those for a missing function.
   */
  missingOperation?(name: string, payload?: Encoded): string | undefined;
  /**
   * Time in ms after which a canceled run of a user's handler is given up, if it has not ended.
   * Default: 30 s.
   */
  readonly graceMs?: number;
  /** Largest number of its handlers that work at the same time. Default: any. */
  readonly concurrency?: number | undefined;
  /** What the history tells about the function. Default: what the engine says. */
  readonly history?: HistoryDetail | undefined;
  /** Handles the message. The engine waits for a returned promise. */
  receive(activation: Activation): void | Promise<void>;
}

/**
 * Returns a function if it is registered and, if a message is named, takes it. Some messages name
 * their operation in the payload only.
 */
export function definitionFor(
  definitions: ReadonlyMap<string, Definition>,
  type: string,
  name?: string,
  payload?: Encoded,
): Definition | undefined {
  const definition = definitions.get(type);
  if (name === undefined) return definition;
  return definition?.missingOperation?.(name, payload) === undefined ? definition : undefined;
}

/** Tells whether one of the functions takes a message for the given operation and payload. */
export function knowsFunction(...message: Parameters<typeof definitionFor>): boolean {
  return definitionFor(...message) !== undefined;
}

/** Time after which a canceled run is given up, in ms, if its function sets none. */
export const GRACE_MS = 30_000;

/** Tells whether a function has persisted values. */
export function hasState({ valueNames }: Definition): boolean {
  return valueNames.length > 0;
}
