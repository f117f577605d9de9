import { Queue } from "../../../core/data/queue.ts";

/** A message that may be what ends the process. */
export interface Suspect {
  readonly crashes: number;
  /** Whether no other suspect may be at work beside it. */
  readonly isAlone: boolean;
  /** Whether it still wants a turn. */
  readonly isWaiting: boolean;
  /** Whether its handler has yet to begin. One that goes on after it was blocked has a slot. */
  readonly needsSlot: boolean;
}

/** A suspect that waits for its turn. */
export interface Place<Message extends Suspect> {
  readonly message: Message;
  /** How many came before. */
  readonly number: number;
}

/** Suspects that wait for their turns: first those with the least against them, of these who came first. */
export class SuspectLine<Message extends Suspect> {
  readonly #byCrashes = new Map<number, Queue<Place<Message>>>();

  push(place: Place<Message>): void {
    const { crashes } = place.message;
    const places = this.#byCrashes.get(crashes) ?? new Queue();
    this.#byCrashes.set(crashes, places);
    places.push(place);
  }

  /** Who is first, of those that still wait. */
  get first(): Place<Message> | undefined {
    const first = this.shift();
    if (first !== undefined) this.#byCrashes.get(first.message.crashes)?.putFirst(first);
    return first;
  }

  /** Lets the first one leave. */
  shift(): Place<Message> | undefined {
    for (const crashes of [...this.#byCrashes.keys()].toSorted((one, other) => one - other)) {
      const places = this.#byCrashes.get(crashes);
      for (let place = places?.shift(); place !== undefined; place = places?.shift())
        if (place.message.isWaiting) return place;
      this.#byCrashes.delete(crashes);
    }
    return undefined;
  }
}

/** Whether a place is before another one in line. */
export function isBefore(one: Place<Suspect>, other: Place<Suspect>): boolean {
  const more = one.message.crashes - other.message.crashes;
  return more < 0 || (more === 0 && one.number < other.number);
}
