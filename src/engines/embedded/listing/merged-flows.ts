import type { FlowEntry, FlowOrder, FlowPosition } from "../../../core/engine/flow-index.ts";
import { compareIn } from "./flow-condition.ts";
import type { FlowSource } from "./flow-source.ts";

/** Smallest and largest number of flows that are read of a source at once. */
const [SMALLEST_CHUNK, LARGEST_CHUNK] = [4, 512];

/** Several sources of flows, each in an order, read as one in that order. */
export class MergedFlows {
  readonly #order: FlowOrder;
  readonly #heads: SourceHead[];

  /** @param expected - the number of flows that will probably be read */
  constructor(
    sources: readonly FlowSource[],
    {
      order,
      after,
      expected,
    }: {
      readonly order: FlowOrder;
      readonly after: FlowPosition | undefined;
      readonly expected: number;
    },
  ) {
    this.#order = order;
    const chunk = Math.ceil(expected / Math.max(1, sources.length));
    this.#heads = sources.map((source) => new SourceHead(source, after, chunk));
  }

  /** Returns the next flow without taking it. */
  peek(): FlowEntry | undefined {
    return this.#first()?.peek();
  }

  /** Takes the next flow. */
  next(): FlowEntry | undefined {
    return this.#first()?.take();
  }

  #first(): SourceHead | undefined {
    let first: SourceHead | undefined;
    for (const head of this.#heads) {
      const entry = head.peek();
      if (entry === undefined) continue;
      const least = first?.peek();
      if (least === undefined || compareIn(this.#order, entry, least) < 0) first = head;
    }
    return first;
  }
}

/** The place that is reached in one source. */
class SourceHead {
  readonly #source: FlowSource;
  #after: FlowPosition | undefined;
  #chunk: number;
  #read: readonly FlowEntry[] = [];
  #taken = 0;
  #isOver = false;

  constructor(source: FlowSource, after: FlowPosition | undefined, chunk: number) {
    this.#source = source;
    this.#after = after;
    this.#chunk = Math.min(Math.max(chunk, SMALLEST_CHUNK), LARGEST_CHUNK);
  }

  peek(): FlowEntry | undefined {
    if (this.#taken === this.#read.length && !this.#isOver) this.#readMore();
    return this.#read[this.#taken];
  }

  take(): FlowEntry | undefined {
    const entry = this.peek();
    if (entry !== undefined) this.#taken++;
    return entry;
  }

  #readMore(): void {
    this.#read = this.#source(this.#after, this.#chunk);
    this.#taken = 0;
    this.#after = this.#read.at(-1) ?? this.#after;
    this.#isOver = this.#read.length < this.#chunk;
    this.#chunk = Math.min(2 * this.#chunk, LARGEST_CHUNK);
  }
}
