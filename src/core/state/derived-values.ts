import type { Content } from "../activation/effects.ts";
import type { Envelope } from "../message/envelope.ts";

/**
 * A value of a system function that can be derived from the first message its function sends. An
 * engine that finds messages by scope need not store the value while that message is stored, unless
 * the value changes.
 */
export interface DerivedValues {
  /** The function, and the name of the value. */
  readonly type: string;
  readonly name: string;
  /**
   * Returns the instance whose value the message holds, which is the message's scope. Most messages
   * hold none.
   */
  idOf(envelope: Envelope): string | undefined;
  /** Returns the value that such a message holds. */
  contentOf(envelope: Envelope): Content;
}
