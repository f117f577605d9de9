import type { Sink } from "../../../futures/run/egress.ts";
import type { Trace } from "./trace.ts";

/** A value that left through `ctx.egress`, with its id. */
export interface Egress {
  readonly type: string;
  /** The same in each retry, so that the system outside can act once. */
  readonly id: string;
  readonly value: unknown;
  /**
   * Number of deliveries: more than one if the commit after it was lost, or if the sink rejected
   * it.
   */
  readonly times: number;
}

/** Records values that leave through `ctx.egress`. */
export class EgressLog {
  readonly #sent = new Map<string, Egress>();

  /** Each id once, in order of its first delivery. */
  get all(): readonly Egress[] {
    return [...this.#sent.values()];
  }

  /** Wraps sinks so that values are recorded before the sinks get them. */
  around(sinks: Readonly<Record<string, Sink>>, trace: Trace): Readonly<Record<string, Sink>> {
    const watch =
      (type: string, sink: Sink): Sink =>
      (value, about) => {
        const { id } = about;
        this.#sent.set(id, { type, id, value, times: (this.#sent.get(id)?.times ?? 0) + 1 });
        trace.add({ event: "egress", type, id });
        return sink(value, about);
      };
    // Leave sinks that are no functions for the engine to reject.
    return Object.fromEntries(
      Object.entries(sinks).map(([type, sink]) => [
        type,
        typeof sink === "function" ? watch(type, sink) : sink,
      ]),
    );
  }
}
