import { FLOW_DIGITS } from "../../../core/message/message-id.ts";
import { TransientMap } from "../../../core/data/transient-map.ts";
import type { StoredMessage } from "../../../stores/store.ts";

/**
 * Deliverable messages that can be withdrawn, by the beginning of their scopes' names: those that are not done with, be they in a
 * batch, in a mailbox, or being handled. Names of a flow's scopes begin with its number; so a flow's messages are found together.
 */
export class MessageIndex {
  /** Most flows have one message at a time, which needs no list. */
  readonly #messages = new TransientMap<string, StoredMessage | Map<number, StoredMessage>>();
  #size = 0;

  /** How many there are, with those that cannot be withdrawn. */
  get size(): number {
    return this.#size;
  }

  add(message: StoredMessage): void {
    this.#size++;
    const { scope } = message.envelope;
    if (scope === undefined) return;
    const key = keyOf(scope);
    const known = this.#messages.get(key);
    if (known === undefined) this.#messages.set(key, message);
    else if (known instanceof Map) known.set(message.seq, message);
    else this.#messages.set(key, new Map([known, message].map((each) => [each.seq, each])));
  }

  delete({ seq, envelope: { scope } }: StoredMessage): void {
    this.#size--;
    if (scope === undefined) return;
    const key = keyOf(scope);
    const known = this.#messages.get(key);
    if (known instanceof Map) {
      known.delete(seq);
      if (known.size === 0) this.#messages.delete(key);
    } else if (known?.seq === seq) this.#messages.delete(key);
  }

  /** The messages of a flow, by its number. */
  ofFlow(number: string): readonly StoredMessage[] {
    return listed(this.#messages.get(number));
  }

  /** The messages of all scopes whose names begin so. */
  ofScope(prefix: string): readonly StoredMessage[] {
    return this.#near(prefix).filter(({ envelope }) => envelope.scope?.startsWith(prefix) === true);
  }

  #near(prefix: string): readonly StoredMessage[] {
    if (prefix.length < FLOW_DIGITS) return [...this.#messages.values()].flatMap(listed);
    return listed(this.#messages.get(keyOf(prefix)));
  }
}

function listed(
  known: StoredMessage | Map<number, StoredMessage> | undefined,
): readonly StoredMessage[] {
  return known === undefined ? [] : known instanceof Map ? [...known.values()] : [known];
}

function keyOf(scope: string): string {
  return scope.length === FLOW_DIGITS ? scope : scope.slice(0, FLOW_DIGITS);
}
