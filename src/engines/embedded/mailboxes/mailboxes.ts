import type { Address } from "../../../core/message/address.ts";
import { AddressMap } from "../../../core/message/address-map.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Scheduler } from "../../../core/host/scheduler.ts";
import type { StoredMessage } from "../../../stores/store.ts";
import { Queue } from "../../../core/data/queue.ts";
import type { Running } from "./running.ts";

/** The messages of one address, in order of arrival. */
export interface Mailbox {
  readonly address: Address;
  readonly queue: Queue<StoredMessage>;
  /** The message that is being handled. */
  running: Running | undefined;
  /** Why its messages are parked until the next start. */
  parked?: string;
}

/** The messages that wait in mailboxes. */
export interface WaitingMessages {
  readonly waiting: number;
  /** Number of the oldest one that waits; absent: none waits. */
  readonly oldest: number | undefined;
  /** Number of messages in mailboxes that are parked, with the first one of each. */
  readonly parked: number;
}

/**
 * Durable messages that wait for their handlers: one mailbox per address, and the addresses that
 * are ready, in turn.
 *
 * M1 A mailbox is ready, being handled, suspended until its first message is marked, held by the
 *    limit of its function, or removed: never two of these. One that is parked stays so until the next start.
 */
export class Mailboxes {
  readonly #byAddress = new AddressMap<Mailbox>();
  readonly #ready = new Queue<Mailbox>();
  /** Mailboxes whose first message may not be handled yet. */
  readonly #suspended = new Set<Mailbox>();
  #parked = 0;

  /** The number of mailboxes that are ready. */
  get ready(): number {
    return this.#ready.size;
  }

  /** Adds a message and tells whether it queues behind another one. */
  deliver(message: StoredMessage): boolean {
    const address = message.envelope.target;
    const known = this.#byAddress.get(address);
    if (known !== undefined) {
      known.queue.push(message);
      return true;
    }
    const mailbox: Mailbox = { address, queue: new Queue([message]), running: undefined };
    this.#byAddress.add(address, mailbox);
    this.#ready.push(mailbox);
    return false;
  }

  /**
   * Takes the next ready mailbox. The scheduler chooses among them, in the order in which they
   * became ready.
   */
  takeNext(scheduler: Pick<Scheduler, "choose">): Mailbox | undefined {
    if (this.#ready.size === 0) return undefined;
    this.#ready.advance(scheduler.choose(this.#ready.size));
    return this.#ready.shift();
  }

  /**
   * Returns a mailbox whose message has been handled: it joins the end of the queue, or is removed
   * when empty.
   */
  release(mailbox: Mailbox): void {
    mailbox.running = undefined;
    if (mailbox.queue.size > 0) this.#ready.push(mailbox);
    else this.#byAddress.delete(mailbox.address);
  }

  /** Ends the handling of a mailbox's message, and puts `next` ahead of the others. */
  releaseWith(mailbox: Mailbox, next: StoredMessage): void {
    mailbox.queue.unshift(next);
    this.release(mailbox);
  }

  /**
   * Puts messages of an address back that it has had before: they come before the others, except a
   * suspended one. Tells whether they queue at a known mailbox.
   */
  putBack(address: Address, messages: readonly StoredMessage[]): boolean {
    const known = this.#byAddress.get(address);
    if (known === undefined) {
      for (const message of messages) this.deliver(message);
      return false;
    }
    const first = this.#suspended.has(known) ? known.queue.shift() : undefined;
    for (const message of messages.toReversed()) known.queue.unshift(message);
    if (first !== undefined) known.queue.unshift(first);
    return true;
  }

  /** Suspends a mailbox whose first message may not be handled yet. */
  suspend(mailbox: Mailbox): void {
    this.#suspended.add(mailbox);
  }

  /** Ends the suspension of a mailbox that runs in a reserved slot: it does not queue. */
  resumeInSlot(mailbox: Mailbox): void {
    this.#suspended.delete(mailbox);
  }

  /** Ends the suspension of a mailbox and puts it at the head of the queue. */
  resumeFirst(mailbox: Mailbox): void {
    this.#suspended.delete(mailbox);
    this.putFirst(mailbox);
  }

  /** Puts a mailbox that was taken at the head of the queue. */
  putFirst(mailbox: Mailbox): void {
    this.#ready.unshift(mailbox);
  }

  /** Takes no more messages from a mailbox, whose first one cannot be handled. */
  park(mailbox: Mailbox, why: string): void {
    mailbox.running = undefined;
    mailbox.parked = why;
    this.#parked++;
  }

  /** Returns why the messages of an address are parked. */
  whyParked(address: Address): string | undefined {
    return this.#parked === 0 ? undefined : this.#byAddress.get(address)?.parked;
  }

  /** Tells whether the address has messages that wait or are being handled. */
  has(address: Address): boolean {
    return this.#byAddress.has(address);
  }

  /** Counts the messages of the address that wait or are being handled. */
  sizeAt(address: Address): number {
    const mailbox = this.#byAddress.get(address);
    return mailbox === undefined ? 0 : mailbox.queue.size + (mailbox.running === undefined ? 0 : 1);
  }

  *queuedAt(address: Address): Generator<Envelope> {
    for (const { envelope } of this.#byAddress.get(address)?.queue ?? []) yield envelope;
  }

  /** Tells whether a mailbox waits for a handler. */
  get areWaiting(): boolean {
    return this.#ready.size + this.#suspended.size > 0;
  }

  /** Counts the messages that wait. It takes as long as there are mailboxes. */
  countWaiting(): WaitingMessages {
    let [waiting, parked, oldest] = [0, 0, Number.POSITIVE_INFINITY];
    for (const mailbox of this.#byAddress.values()) {
      const { size } = mailbox.queue;
      if (mailbox.parked !== undefined) parked += size + 1;
      else {
        waiting += size;
        oldest = Math.min(oldest, mailbox.queue.peek()?.seq ?? oldest);
      }
    }
    return { waiting, oldest: waiting === 0 ? undefined : oldest, parked };
  }

  /** Yields the messages that are being handled. */
  *running(): Generator<Running> {
    for (const { running } of this.#byAddress.values()) if (running !== undefined) yield running;
  }

  /** Returns the mailbox in which a message is being handled. */
  mailboxOf({ envelope: { target } }: Running): Mailbox | undefined {
    return this.#byAddress.get(target);
  }

  /** Returns the message that is being handled at the address. */
  runningAt(address: Address): Running | undefined {
    return this.#byAddress.get(address)?.running;
  }
}
