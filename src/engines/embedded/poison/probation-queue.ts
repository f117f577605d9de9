import { Queue } from "../../../core/data/queue.ts";

/** A message on probation: it may be the one that crashes the process. */
export interface ProbationMessage {
  readonly crashes: number;
  /** Set when no other message on probation may run beside it. */
  readonly isAlone: boolean;
  /** Set while it still waits for its turn. */
  readonly isWaiting: boolean;
  /**
   * Set while its handler has not started. A handler that continues after it was blocked has a
   * slot.
   */
  readonly needsSlot: boolean;
}

/** A message that waits for its turn. */
export interface QueuedMessage<Message extends ProbationMessage> {
  readonly message: Message;
  /** Its place in the order of requests. */
  readonly number: number;
}

/**
 * Messages that wait for their turns: those with the fewest crashes first, in the order of their
 * requests.
 */
export class ProbationQueue<Message extends ProbationMessage> {
  readonly #byCrashes = new Map<number, Queue<QueuedMessage<Message>>>();

  push(queued: QueuedMessage<Message>): void {
    const { crashes } = queued.message;
    const queue = this.#byCrashes.get(crashes) ?? new Queue();
    this.#byCrashes.set(crashes, queue);
    queue.push(queued);
  }

  /** The first message that still waits. */
  get first(): QueuedMessage<Message> | undefined {
    const first = this.shift();
    if (first !== undefined) this.#byCrashes.get(first.message.crashes)?.unshift(first);
    return first;
  }

  /** Removes and returns the first message that still waits. */
  shift(): QueuedMessage<Message> | undefined {
    for (const crashes of [...this.#byCrashes.keys()].toSorted((one, other) => one - other)) {
      const queue = this.#byCrashes.get(crashes);
      for (let queued = queue?.shift(); queued !== undefined; queued = queue?.shift())
        if (queued.message.isWaiting) return queued;
      this.#byCrashes.delete(crashes);
    }
    return undefined;
  }
}

/** Tells whether a message comes before another one. */
export function isBefore(
  one: QueuedMessage<ProbationMessage>,
  other: QueuedMessage<ProbationMessage>,
): boolean {
  const more = one.message.crashes - other.message.crashes;
  return more < 0 || (more === 0 && one.number < other.number);
}
