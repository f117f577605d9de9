import { Cancellation } from "../../../core/activation/cancellation.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { StoredMessage } from "../../../stores/store.ts";

/** A message that is being handled, with the means to cancel its handler. */
export class Running {
  readonly message: StoredMessage;
  readonly cancellation = new Cancellation();
  /** The stored message that takes its place once it is canceled. */
  record: StoredMessage | undefined;
  /** Stops the timer that gives a canceled run up. */
  stopGrace: (() => void) | undefined;

  constructor(message: StoredMessage) {
    this.message = message;
  }

  get envelope(): Envelope {
    return this.message.envelope;
  }

  get seq(): number {
    return this.message.seq;
  }
}
