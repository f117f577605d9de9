import { addressKey } from "../../core/address.ts";
import type { Address } from "../../core/address.ts";
import type { Envelope } from "../../core/envelope.ts";
import { Queue } from "./queue.ts";

/** The messages of one address, in order of arrival. */
export interface Mailbox {
  readonly key: string;
  readonly queue: Queue<Envelope>;
}

/**
 * The durable messages that wait for their handlers: one mailbox per address, and the addresses that are ready, in turn.
 *
 * M1 A mailbox is ready, being handled, or gone: never two of these. One that is never released again is parked.
 */
export class Mailboxes {
  readonly #byAddress = new Map<string, Mailbox>();
  readonly #ready = new Queue<Mailbox>();

  /** How many addresses have a message and nobody handling it. */
  get ready(): number {
    return this.#ready.size;
  }

  /** Adds a message; tells whether it queues behind one that is being handled. */
  deliver(envelope: Envelope): boolean {
    const key = addressKey(envelope.target);
    const known = this.#byAddress.get(key);
    if (known !== undefined) {
      known.queue.push(envelope);
      return true;
    }
    const mailbox: Mailbox = { key, queue: new Queue() };
    mailbox.queue.push(envelope);
    this.#byAddress.set(key, mailbox);
    this.#ready.push(mailbox);
    return false;
  }

  /** The next address whose turn it is; it is then being handled. */
  next(): Mailbox | undefined {
    return this.#ready.shift();
  }

  /** Its message has been handled: it goes to the end of the line, or away. */
  release(mailbox: Mailbox): void {
    if (mailbox.queue.size > 0) this.#ready.push(mailbox);
    else this.#byAddress.delete(mailbox.key);
  }

  /** Whether messages for the address are waiting or being handled. */
  has(address: Address): boolean {
    return this.#byAddress.has(addressKey(address));
  }

  queuedAt(address: Address): Iterable<Envelope> {
    return this.#byAddress.get(addressKey(address))?.queue ?? [];
  }

  /** All messages of addresses that are ready. */
  *waiting(): Generator<Envelope> {
    for (const mailbox of this.#ready) yield* mailbox.queue;
  }
}
