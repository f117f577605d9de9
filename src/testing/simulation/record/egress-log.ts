import type { Sink } from "../../../futures/run/egress.ts";
import type { Trace } from "./trace.ts";

/** What left the workflow for the outside world, under one id. */
export interface Egress {
  readonly type: string;
  /** The same each time it is tried, so that the outside can act once. */
  readonly id: string;
  readonly value: unknown;
  /** How often it came: more than once when the commit after it was lost, or when the sink refused it. */
  readonly times: number;
}

/** Writes down what leaves through `ctx.egress`. */
export class EgressLog {
  readonly #sent = new Map<string, Egress>();

  /** Each id once, in order of its first coming. */
  get all(): readonly Egress[] {
    return [...this.#sent.values()];
  }

  /** The same sinks, whose values are written down before they get them. */
  around(sinks: Readonly<Record<string, Sink>>, trace: Trace): Readonly<Record<string, Sink>> {
    const watch =
      (type: string, sink: Sink): Sink =>
      (value, about) => {
        const { id } = about;
        this.#sent.set(id, { type, id, value, times: (this.#sent.get(id)?.times ?? 0) + 1 });
        trace.add({ event: "egress", type, id });
        return sink(value, about);
      };
    // What is no function is left for the engine to refuse.
    return Object.fromEntries(
      Object.entries(sinks).map(([type, sink]) => [
        type,
        typeof sink === "function" ? watch(type, sink) : sink,
      ]),
    );
  }
}
