import { digest } from "../../../core/crypto/digest.ts";
import type { Crash } from "../faults/crash.ts";

/** An event of a simulation. `at` is virtual time since its start, in ms. */
export type TraceEvent = { readonly at: number } & (
  | { readonly event: "start"; readonly engine: number }
  /** A handler begins. `message` is its idempotency key. */
  | {
      readonly event: "run";
      readonly function: string;
      readonly operation: string;
      readonly id: string;
      readonly message: string;
    }
  /** A handler has ended. */
  | {
      readonly event: "end";
      readonly function: string;
      readonly message: string;
      readonly failed: boolean;
    }
  | {
      readonly event: "commit";
      readonly commit: number;
      /** Numbers of messages consumed, messages kept, and values written. */
      readonly consumed: number;
      readonly kept: number;
      readonly written: number;
      /** A digest of the whole commit. */
      readonly digest: string;
    }
  | { readonly event: "committed"; readonly commit: number }
  | ({ readonly event: "crash" } & Crash)
  /**
   * A client sends a request: `repeated` if it is a deliberate duplicate, `again` if the answer was
   * lost.
   */
  | {
      readonly event: "request";
      readonly request: number;
      readonly method: string;
      readonly why?: "again" | "repeated";
    }
  /** A client receives an answer. `error` is the error code if the request was rejected. */
  | { readonly event: "answer"; readonly request: number; readonly error?: string }
  | { readonly event: "egress"; readonly type: string; readonly id: string }
);

type Happening<Event = TraceEvent> = Event extends TraceEvent ? Omit<Event, "at"> : never;

/** Records the events of a simulation. */
export class Trace {
  readonly events: TraceEvent[] = [];
  readonly #now: () => number;
  readonly #hear: (event: TraceEvent) => void;

  /** @param now virtual time since the start, in ms */
  constructor(now: () => number, hear: (event: TraceEvent) => void) {
    this.#now = now;
    this.#hear = hear;
  }

  add(happening: Happening): void {
    const event = { at: this.#now(), ...happening } as TraceEvent;
    this.events.push(event);
    this.#hear(event);
  }

  /**
   * Returns a digest of all events so far, as 16 hex digits. Two runs with the same digest took the
   * same course.
   */
  hash(): string {
    return digest(this.events.map((event) => JSON.stringify(event)).join("\n")).slice(0, 16);
  }
}
