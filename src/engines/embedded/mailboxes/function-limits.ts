import { Queue } from "../../../core/data/queue.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { Mailbox, Mailboxes } from "./mailboxes.ts";

/** A function with a limit: its working handlers, and the mailboxes that wait for one to end. */
interface Limited {
  readonly limit: number;
  working: number;
  readonly held: Queue<Mailbox>;
}

/**
 * Functions of which only a few handlers work at the same time (option `concurrency` of a
 * function).
 *
 * LM1 A mailbox starts its next handler only if its function is below its limit. Otherwise it is
 *     held, takes no handler slot, and is ready again, ahead of others, once a handler has ended.
 * LM2 A handler that is blocked does not count, so functions that wait for themselves go on. It
 *     continues without waiting for its function, and then counts again.
 */
export class FunctionLimits {
  readonly #mailboxes: Pick<Mailboxes, "putFirst">;
  /** Functions whose handlers have run. It is empty as long as no function has a limit. */
  readonly #byType = new Map<string, Limited>();

  constructor(mailboxes: Pick<Mailboxes, "putFirst">) {
    this.#mailboxes = mailboxes;
  }

  /** Holds a mailbox if its function is at its limit. Tells whether it does. */
  holds(mailbox: Mailbox): boolean {
    const limited = this.#limitedOf(mailbox.address.type);
    if (limited === undefined || limited.working < limited.limit) return false;
    limited.held.push(mailbox);
    return true;
  }

  /** Counts a handler that starts. */
  begin({ type, concurrency: limit }: Definition): void {
    if (limit === undefined) return;
    const limited = this.#limitedOf(type) ?? { limit, working: 0, held: new Queue() };
    this.#byType.set(type, limited);
    limited.working++;
  }

  /** Counts a handler again that was blocked. */
  resume(type: string): void {
    const limited = this.#limitedOf(type);
    if (limited !== undefined) limited.working++;
  }

  /** Notes that a handler has ended, or blocks. */
  end(type: string): void {
    const limited = this.#limitedOf(type);
    if (limited === undefined) return;
    limited.working--;
    this.passOn(type);
  }

  /** Makes the next mailbox ready, unless the function is at its limit. */
  passOn(type: string): void {
    const limited = this.#limitedOf(type);
    if (limited === undefined || limited.working >= limited.limit) return;
    const next = limited.held.shift();
    if (next !== undefined) this.#mailboxes.putFirst(next);
  }

  #limitedOf(type: string): Limited | undefined {
    return this.#byType.size === 0 ? undefined : this.#byType.get(type);
  }
}
