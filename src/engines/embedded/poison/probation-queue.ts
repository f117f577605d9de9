import { Queue } from "../../../core/data/queue.ts";

/** A message that may be what ends the process. */
export interface ProbationMessage {
  readonly crashes: number;
  /** Whether no other suspect may be at work beside it. */
  readonly isAlone: boolean;
  /** Whether it still wants a turn. */
  readonly isWaiting: boolean;
  /** Whether its handler has yet to begin. One that goes on after it was blocked has a slot. */
  readonly needsSlot: boolean;
}

/** A suspect that waits for its turn. */
export interface QueuedMessage<Message extends ProbationMessage> {
  readonly message: Message;
  /** How many came before. */
  readonly number: number;
}

/** Suspects that wait for their turns: first those with the least against them, of these who came first. */
export class ProbationQueue<Message extends ProbationMessage> {
  readonly #byCrashes = new Map<number, Queue<QueuedMessage<Message>>>();

  push(rowId: QueuedMessage<Message>): void {
    const { crashes } = rowId.message;
    const places = this.#byCrashes.get(crashes) ?? new Queue();
    this.#byCrashes.set(crashes, places);
    places.push(rowId);
  }

  /** Who is first, of those that still wait. */
  get first(): QueuedMessage<Message> | undefined {
    const first = this.shift();
    if (first !== undefined) this.#byCrashes.get(first.message.crashes)?.unshift(first);
    return first;
  }

  /** Lets the first one leave. */
  shift(): QueuedMessage<Message> | undefined {
    for (const crashes of [...this.#byCrashes.keys()].toSorted((one, other) => one - other)) {
      const places = this.#byCrashes.get(crashes);
      for (let rowId = places?.shift(); rowId !== undefined; rowId = places?.shift())
        if (rowId.message.isWaiting) return rowId;
      this.#byCrashes.delete(crashes);
    }
    return undefined;
  }
}

/** Whether a place is before another one in line. */
export function isBefore(
  one: QueuedMessage<ProbationMessage>,
  other: QueuedMessage<ProbationMessage>,
): boolean {
  const more = one.message.crashes - other.message.crashes;
  return more < 0 || (more === 0 && one.number < other.number);
}
