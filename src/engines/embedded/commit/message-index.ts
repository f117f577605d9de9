import { FLOW_DIGITS } from "../../../core/message/message-id.ts";
import { TransientMap } from "../../../core/data/transient-map.ts";
import type { FlowChanges, StoredMessage } from "../../../stores/store.ts";

/** Follows which messages are in a {@link MessageIndex}, and which flow records are written. */
export interface MessageObserver {
  added(message: StoredMessage): void;
  deleted(message: StoredMessage): void;
  /** The next commit changes the index of flows. */
  written(changes: FlowChanges): void;
}

/**
 * Deliverable messages that are not yet handled, by the flow number at the start of their scope:
 * in a batch, in a mailbox, or in a handler. The scopes of one flow all start with its number, so
 * a flow's messages are found together.
 */
export class MessageIndex {
  /** Most flows have one message at a time, so a list is made only for the second one. */
  readonly #messages = new TransientMap<string, StoredMessage | Map<number, StoredMessage>>();
  /** Numbers of the parked messages, by flow. Mostly there are none. */
  readonly #parked = new Map<string, Set<number>>();
  #size = 0;
  /** Absent while nothing needs it, so that messages cost no more. */
  observer: MessageObserver | undefined;
  /** Collects the flows whose messages are parked or go on. Absent while nothing reads it. */
  parkedChanges: Set<string> | undefined;

  /** The number of messages, including those without a scope. */
  get size(): number {
    return this.#size;
  }

  add(message: StoredMessage): void {
    this.#size++;
    this.observer?.added(message);
    const { scope } = message.envelope;
    if (scope === undefined) return;
    const flow = flowOfScope(scope);
    const known = this.#messages.get(flow);
    if (known === undefined) this.#messages.set(flow, message);
    else if ("size" in known) known.set(message.seq, message);
    else this.#messages.set(flow, new Map([known, message].map((each) => [each.seq, each])));
  }

  delete(message: StoredMessage): void {
    this.#size--;
    this.observer?.deleted(message);
    this.unpark(message);
    const {
      seq,
      envelope: { scope },
    } = message;
    if (scope === undefined) return;
    const flow = flowOfScope(scope);
    const known = this.#messages.get(flow);
    if (known !== undefined && "size" in known) {
      known.delete(seq);
      if (known.size === 0) this.#messages.delete(flow);
    } else if (known?.seq === seq) this.#messages.delete(flow);
  }

  /** Notes that a message waits for code that is not there. */
  park({ seq, envelope: { scope } }: Pick<StoredMessage, "seq" | "envelope">): void {
    if (scope === undefined) return;
    const flow = flowOfScope(scope);
    const parked = this.#parked.get(flow);
    if (parked !== undefined) return void parked.add(seq);
    this.#parked.set(flow, new Set([seq]));
    this.parkedChanges?.add(flow);
  }

  /** Notes that a message no longer waits for code. */
  unpark({ seq, envelope: { scope } }: Pick<StoredMessage, "seq" | "envelope">): void {
    if (this.#parked.size === 0 || scope === undefined) return;
    const flow = flowOfScope(scope);
    const parked = this.#parked.get(flow);
    if (parked?.delete(seq) !== true || parked.size > 0) return;
    this.#parked.delete(flow);
    this.parkedChanges?.add(flow);
  }

  /** Tells whether a message of a flow is parked, by the flow's number. */
  isParked(flow: string): boolean {
    return this.#parked.size > 0 && this.#parked.has(flow);
  }

  /** The numbers of the flows with parked messages. */
  get parkedFlows(): Iterable<string> {
    return this.#parked.keys();
  }

  /** Returns the messages of a flow, by its number. */
  ofFlow(number: string): readonly StoredMessage[] {
    return toList(this.#messages.get(number));
  }

  /** Yields all messages that have a scope. */
  *all(): Generator<StoredMessage> {
    for (const known of this.#messages.values()) yield* toList(known);
  }

  /** Returns the messages of all scopes that start with the prefix. */
  inScope(prefix: string): readonly StoredMessage[] {
    return this.#candidates(prefix).filter(
      ({ envelope }) => envelope.scope?.startsWith(prefix) === true,
    );
  }

  /** Tells whether there is a message in a scope that starts with the prefix. */
  hasInScope(prefix: string): boolean {
    return this.#candidates(prefix).some(
      ({ envelope }) => envelope.scope?.startsWith(prefix) === true,
    );
  }

  #candidates(prefix: string): readonly StoredMessage[] {
    if (prefix.length < FLOW_DIGITS) return [...this.#messages.values()].flatMap(toList);
    return toList(this.#messages.get(flowOfScope(prefix)));
  }
}

function toList(
  known: StoredMessage | Map<number, StoredMessage> | undefined,
): readonly StoredMessage[] {
  return known === undefined ? [] : "size" in known ? [...known.values()] : [known];
}

function flowOfScope(scope: string): string {
  return scope.length === FLOW_DIGITS ? scope : scope.slice(0, FLOW_DIGITS);
}
