import { HandbackError } from "../../core/errors/errors.ts";
import { show, showString } from "../../core/errors/show.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { addDuration, parseDuration } from "../../core/validation/duration.ts";
import { checkName } from "../../core/validation/names.ts";
import { codec } from "../protocol/codec.ts";
import type { FutureMaker } from "../protocol/combinator.ts";
import type { Want } from "../protocol/consumer.ts";
import type { Graph } from "../protocol/graph.ts";
import type { Need, Node, Plan, Template } from "../protocol/node.ts";
import { PendingFuture } from "../protocol/pending-future.ts";

/** Most calls need no future. */
const NONE: readonly never[] = [];

/** Makes the futures of one handler, and checks the ones that it is given. */
export class HandlerFutures implements FutureMaker {
  readonly graph: Graph;

  readonly #events: readonly string[] | undefined;

  constructor(graph: Graph, events?: readonly string[]) {
    this.graph = graph;
    this.#events = events;
  }

  get type(): string {
    return this.graph.activation.address.type;
  }

  now(): number {
    return this.graph.activation.environment.clock.now();
  }

  add(plan: Plan, id?: MessageId): PendingFuture {
    return new PendingFuture(this.graph, this.graph.add(plan, id));
  }

  /** Encodes a value, with holes for the futures in it. */
  template(value: unknown, root: string): Template {
    const limit = this.graph.activation.environment.payloadLimit;
    const { segments, holes } = codec.encodeTemplate(value, { limit, root });
    if (holes.length === 0) return { segments, needs: NONE };
    return { segments, needs: holes.map((hole) => ({ node: this.node(hole, root) })) };
  }

  node(value: unknown, what: string): Node {
    return PendingFuture.node(this.graph, value, what);
  }

  need(future: unknown): Need {
    return { node: this.node(future, "future") };
  }

  needs(futures: unknown, what: string, want?: Want): readonly Need[] {
    if (!Array.isArray(futures)) {
      const expected = `expected a list of futures, got ${show(futures)}`;
      throw new HandbackError("NOT_A_FUTURE", `${what}: ${expected}`);
    }
    // `Array.from` visits the gaps of a sparse list, and `map` does not.
    return Array.from(futures as readonly unknown[], (future, index) => {
      const node = this.node(future, `${what}[${index}]`);
      return want === undefined ? { node } : { node, want };
    });
  }

  dueAt(duration: unknown, what: string): number {
    return addDuration(this.now(), parseDuration(duration, what));
  }

  requireFlow(what: string): string {
    const { flow } = this.graph;
    if (flow !== undefined) return flow;
    const why = `${this.type} was sent a one-way message, which belongs to no flow`;
    throw new HandbackError("NOT_FOUND", `${what}: ${why}`);
  }

  eventName(name: unknown): string {
    const event = checkName(name, "event");
    if (this.#events?.includes(event) !== false) return event;
    const declared = this.#events.map((each) => JSON.stringify(each)).join(", ");
    const why = `${this.type} declares the names of its events: expected one of ${declared}`;
    throw new HandbackError("INVALID_NAME", `ctx.event(${showString(event)}): ${why}`);
  }
}
