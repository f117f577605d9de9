import type { Content } from "../activation/effects.ts";
import type { Envelope } from "../message/envelope.ts";

/**
 * A value of a system function that a message tells: the first message that its function sends. An engine that finds messages by their
 * scopes need not keep the value beside the message, until the message is handled or the value is written anew.
 */
export interface DerivedValues {
  /** The function, and the name of the value. */
  readonly type: string;
  readonly name: string;
  /** The instance whose value the message tells, named as the scope of the message is; none for most messages. */
  idOf(envelope: Envelope): string | undefined;
  /** The value, of a message that tells one. */
  contentOf(envelope: Envelope): Content;
}
