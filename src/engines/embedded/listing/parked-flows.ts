import type { FlowEntry, FlowOrder } from "../../../core/engine/flow-index.ts";
import type { FlowEntries } from "../../../stores/store.ts";
import type { MessageIndex } from "../commit/message-index.ts";
import { FlowPlaces } from "./flow-places.ts";
import type { FlowSource } from "./flow-source.ts";
import type { UnwrittenFlows } from "./unwritten-flows.ts";

/** Collaborators of {@link ParkedFlows}. */
export interface ParkedFlowsParts {
  readonly messages: Pick<MessageIndex, "isParked" | "parkedFlows" | "parkedChanges">;
  readonly flows: Pick<FlowEntries, "find">;
  readonly unwritten: Pick<UnwrittenFlows, "find">;
}

/**
 * The flows with a message that waits for code that is not registered.
 *
 * PF1 The first list looks up all of them. Later ones look up those that were parked since.
 */
export class ParkedFlows {
  readonly #parts: ParkedFlowsParts;
  readonly #places = new FlowPlaces();

  constructor(parts: ParkedFlowsParts) {
    this.#parts = parts;
  }

  /** Tells whether the flow with this number is parked, if it is pending. */
  has(number: string): boolean {
    return this.#parts.messages.isParked(number);
  }

  /** Tells whether there can be any. */
  get areAny(): boolean {
    for (const _ of this.#parts.messages.parkedFlows) return true;
    return false;
  }

  /** Reads those that are pending in an order, those of some functions only. */
  sources(order: FlowOrder, types: readonly string[] | undefined): readonly FlowSource[] {
    this.#follow();
    return this.#places.sources(order, types, ({ number }) => {
      const entry = this.#find(number);
      return entry?.status === "pending" ? entry : undefined;
    });
  }

  #follow(): void {
    const { messages } = this.#parts;
    for (const number of messages.parkedChanges ?? messages.parkedFlows) {
      if (!messages.isParked(number)) this.#places.delete(number);
      else if (this.#places.get(number) === undefined) this.#add(number);
    }
    messages.parkedChanges = new Set();
  }

  #add(number: string): void {
    const entry = this.#find(number);
    if (entry !== undefined) this.#places.add(entry);
  }

  #find(number: string): FlowEntry | undefined {
    const { flows, unwritten } = this.#parts;
    return flows.find(number) ?? unwritten.find(number);
  }
}
