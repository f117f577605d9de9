import type { Definition } from "../../../core/activation/definition.ts";
import type { WorkLog } from "../../../core/host/work-log.ts";
import { formatAddress } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { StoredMessage } from "../../../stores/store.ts";
import type { MessageIndex } from "../commit/message-index.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import { findDefinition, missingFunction, whyMissing } from "../mailboxes/find-definition.ts";
import { resolveAlias } from "../mailboxes/resolve-alias.ts";
import type { QueuedSince } from "../journal/queued-since.ts";
import type { Unregistered } from "../mailboxes/unregistered.ts";
import type { DeadlockSearch } from "../blocking/deadlock-search.ts";

/** Collaborators of {@link MessageDelivery}. */
export interface MessageDeliveryParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly mailboxes: Mailboxes;
  readonly messages: Pick<MessageIndex, "park" | "unpark">;
  readonly unregistered: Unregistered;
  readonly workLog: WorkLog;
  readonly deadlocks: DeadlockSearch;
  readonly queuedSince: QueuedSince;
}

/** Delivers durable messages to the mailboxes of their addresses. */
export class MessageDelivery {
  readonly #parts: MessageDeliveryParts;

  constructor(parts: MessageDeliveryParts) {
    this.#parts = parts;
  }

  /**
   * Delivers a message. One for a function or operation that is not registered stays in the store.
   */
  deliver(message: StoredMessage): void {
    const { definitions, mailboxes, messages, unregistered, deadlocks } = this.#parts;
    const definition = findDefinition(definitions, message.envelope);
    if (definition === undefined) {
      unregistered.add(missingFunction(definitions, message.envelope));
      messages.park(message);
      return;
    }
    messages.unpark(message);
    // A message to a former name of the function goes to its current one, where its state is.
    const current =
      definition.type === message.envelope.target.type
        ? message
        : { ...message, envelope: resolveAlias(message.envelope, definition) };
    this.#parts.queuedSince.note(current);
    if (!mailboxes.deliver(current)) return;
    deadlocks.afterQueuing(current.envelope);
    const why = mailboxes.whyParked(current.envelope.target);
    if (why === undefined) return;
    messages.park(message);
    this.#reportParked(current.envelope.target, why);
  }

  /** Returns why a stored message is parked, or `undefined` if it will be handled. */
  whyParked(envelope: Envelope): string | undefined {
    const { definitions, mailboxes } = this.#parts;
    const definition = findDefinition(definitions, envelope);
    if (definition === undefined) return whyMissing(definitions, envelope);
    return mailboxes.whyParked(resolveAlias(envelope, definition).target);
  }

  #reportParked(target: Address, why: string): void {
    const address = formatAddress(target);
    this.#parts.workLog.write({
      level: "warn",
      event: "parked",
      subject: target.type,
      message: `a message for ${address} is parked: ${why}`,
      fields: { address },
    });
  }
}
