import { FLOW_DIGITS } from "../../../core/message/message-id.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { MessageIndex } from "../commit/message-index.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import type { Unregistered } from "../mailboxes/unregistered.ts";

/** Collaborators of {@link ParkedFlows}. */
export interface ParkedFlowsParts {
  readonly messages: Pick<MessageIndex, "all" | "ofFlow">;
  readonly unregistered: Pick<Unregistered, "size">;
  readonly mailboxes: Pick<Mailboxes, "areParked">;
  /** Tells why a message is parked, if it is. */
  readonly whyParked: (envelope: Envelope) => string | undefined;
}

/** The flows of which a message waits for code that is not registered. */
export class ParkedFlows {
  readonly #parts: ParkedFlowsParts;

  constructor(parts: ParkedFlowsParts) {
    this.#parts = parts;
  }

  /** Tells whether there can be any. Mostly there are none, and nothing is looked at. */
  get areAny(): boolean {
    const { unregistered, mailboxes } = this.#parts;
    return unregistered.size > 0 || mailboxes.areParked;
  }

  /** Tells whether the flow with this number is parked. */
  has(number: string): boolean {
    const { messages, whyParked } = this.#parts;
    return (
      this.areAny &&
      messages.ofFlow(number).some(({ envelope }) => whyParked(envelope) !== undefined)
    );
  }

  /** Returns the numbers of all parked flows. It looks at all waiting messages. */
  numbers(): ReadonlySet<string> {
    const { messages, whyParked } = this.#parts;
    const found = new Set<string>();
    if (!this.areAny) return found;
    for (const { envelope } of messages.all())
      if (envelope.scope !== undefined && whyParked(envelope) !== undefined)
        found.add(envelope.scope.slice(0, FLOW_DIGITS));
    return found;
  }
}
