import type { Activation } from "./activation.ts";

/**
 * A function as core and engines know it: a type, the names of its persisted values, and what it does with a message.
 *
 * Names of values are fixed per type, because an engine may ship all of them with every request.
 */
export interface Definition {
  /** Function type, `namespace/name`. */
  readonly type: string;
  /** Former types, whose stored messages and states this function takes over. */
  readonly aliases?: readonly string[];
  readonly valueNames: readonly string[];
  /**
   * Whether it is pure: no effect but its Effects, no wait. It may then run in the batch that caused it; a user's
   * handler runs only once the message that caused it is durable.
   */
  readonly system: boolean;
  /** Handles the message; what it returns is waited for. */
  receive(activation: Activation): void | Promise<void>;
}

/** Whether a function has values at all. */
export function hasState({ valueNames }: Definition): boolean {
  return valueNames.length > 0;
}
