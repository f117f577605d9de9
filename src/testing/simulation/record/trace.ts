import { digest } from "../../../core/crypto/digest.ts";
import type { Crash } from "../faults/crash.ts";

/** Something that happened in a simulation, at `at` ms of virtual time since its beginning. */
export type TraceEvent = { readonly at: number } & (
  | { readonly event: "start"; readonly engine: number }
  /** A handler begins; `message` is its idempotency key. */
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
      /** Messages that it consumes, keeps, and values that it writes. */
      readonly consumed: number;
      readonly kept: number;
      readonly written: number;
      /** A digest of all of it. */
      readonly digest: string;
    }
  | { readonly event: "committed"; readonly commit: number }
  | ({ readonly event: "crash" } & Crash)
  /** A client asks; `repeated` when it is sent a second time on purpose, `again` when the answer was lost. */
  | {
      readonly event: "request";
      readonly request: number;
      readonly method: string;
      readonly why?: "again" | "repeated";
    }
  /** A client has its answer; `error` is the code of what it was rejected with. */
  | { readonly event: "answer"; readonly request: number; readonly error?: string }
  | { readonly event: "egress"; readonly type: string; readonly id: string }
);

type Happening<Event = TraceEvent> = Event extends TraceEvent ? Omit<Event, "at"> : never;

/** Writes down what happens in a simulation. */
export class Trace {
  readonly events: TraceEvent[] = [];
  readonly #now: () => number;
  readonly #hear: (event: TraceEvent) => void;

  /** @param now virtual time since the beginning, in ms */
  constructor(now: () => number, hear: (event: TraceEvent) => void) {
    this.#now = now;
    this.#hear = hear;
  }

  add(happening: Happening): void {
    const event = { at: this.#now(), ...happening } as TraceEvent;
    this.events.push(event);
    this.#hear(event);
  }

  /** A digest of everything so far, as 16 hex digits: two runs with the same one took the same course. */
  hash(): string {
    return digest(this.events.map((event) => JSON.stringify(event)).join("\n")).slice(0, 16);
  }
}
