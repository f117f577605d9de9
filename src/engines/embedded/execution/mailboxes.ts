import type { Address } from "../../../core/message/address.ts";
import { AddressMap } from "../../../core/message/address-map.ts";
import type { Cancellation } from "../../../core/activation/cancellation.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { StoredMessage } from "../../../stores/store.ts";
import { Queue } from "../../../core/data/queue.ts";

/** The messages of one address, in order of arrival. */
export interface Mailbox {
  readonly address: Address;
  readonly queue: Queue<StoredMessage>;
  /** The message that is being handled. */
  running: Running | undefined;
}

/** A message that is being handled, and how to tell its handler that it need not be. */
export interface Running extends StoredMessage {
  readonly cancellation: Cancellation;
}

/**
 * The durable messages that wait for their handlers: one mailbox per address, and the addresses that are ready, in turn.
 *
 * M1 A mailbox is ready, being handled, held until its first message is marked, or gone: never two of these. One that is never released
 *    again is parked.
 */
export class Mailboxes {
  readonly #byAddress = new AddressMap<Mailbox>();
  readonly #ready = new Queue<Mailbox>();
  /** Those whose first message may not be handled yet. */
  readonly #held = new Set<Mailbox>();

  /** How many addresses have a message and nobody handling it. */
  get ready(): number {
    return this.#ready.size;
  }

  /** Adds a message; tells whether it queues behind one that is being handled. */
  deliver(accepted: StoredMessage): boolean {
    const address = accepted.envelope.target;
    const known = this.#byAddress.get(address);
    if (known !== undefined) {
      known.queue.push(accepted);
      return true;
    }
    const mailbox: Mailbox = { address, queue: new Queue([accepted]), running: undefined };
    this.#byAddress.add(address, mailbox);
    this.#ready.push(mailbox);
    return false;
  }

  /** The next address whose turn it is, as `choose` says, counted in the order in which they became ready; it is then being handled. */
  next(choose: (count: number) => number): Mailbox | undefined {
    if (this.#ready.size === 0) return undefined;
    this.#ready.advance(choose(this.#ready.size));
    return this.#ready.shift();
  }

  /** Its message has been handled: it goes to the end of the line, or away. */
  release(mailbox: Mailbox): void {
    mailbox.running = undefined;
    if (mailbox.queue.size > 0) this.#ready.push(mailbox);
    else this.#byAddress.delete(mailbox.address);
  }

  /** Its first message may not be handled yet. */
  hold(mailbox: Mailbox): void {
    this.#held.add(mailbox);
  }

  /** Its first message may be handled after all, in a slot of its own: it is not in line. */
  letGo(mailbox: Mailbox): void {
    this.#held.delete(mailbox);
  }

  /** Its first message may be handled after all: it is the next in line. */
  putFirst(mailbox: Mailbox): void {
    this.#held.delete(mailbox);
    this.#ready.unshift(mailbox);
  }

  /** Whether messages for the address are waiting or being handled. */
  has(address: Address): boolean {
    return this.#byAddress.has(address);
  }

  /** How many messages for the address are waiting or being handled. */
  sizeAt(address: Address): number {
    const mailbox = this.#byAddress.get(address);
    return mailbox === undefined ? 0 : mailbox.queue.size + (mailbox.running === undefined ? 0 : 1);
  }

  *queuedAt(address: Address): Generator<Envelope> {
    for (const { envelope } of this.#byAddress.get(address)?.queue ?? []) yield envelope;
  }

  /** Whether any address has messages and nobody handling them. */
  get areWaiting(): boolean {
    return this.#ready.size + this.#held.size > 0;
  }

  /** All messages of addresses that nobody handles: those that are ready, and those that are held. */
  *waiting(): Generator<Envelope> {
    for (const mailboxes of [this.#ready, this.#held])
      for (const { queue } of mailboxes) for (const { envelope } of queue) yield envelope;
  }

  /** What is being handled at the address. */
  runningAt(address: Address): Running | undefined {
    return this.#byAddress.get(address)?.running;
  }
}
