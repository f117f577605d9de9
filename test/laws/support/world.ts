import type { Client, Embedded, EmbeddedOptions, Store } from "handback";
import { embedded, memory } from "handback";
import { driven } from "../../../src/testing/conformance/driven.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";

/** An engine with its own time, which passes while a promise of the client is awaited. */
export class World {
  readonly clock = new VirtualClock();
  readonly store: Store = memory();
  #engine: Embedded | undefined;

  get engine(): Embedded {
    if (this.#engine === undefined) throw new Error("no engine was started");
    return this.#engine;
  }

  /** Virtual time since the start, in ms. */
  get nowMs(): number {
    return this.clock.monotonicNs() / 1e6;
  }

  /** Number of stored messages, including delayed ones, and watches. */
  get messages(): number {
    const { messages, delayed, watches } = this.store.count();
    return messages + delayed + watches;
  }

  /** Starts an engine. Closes an earlier one first. */
  async start(
    functions: readonly object[],
    options: Partial<EmbeddedOptions> = {},
  ): Promise<Client> {
    await this.stop();
    this.#engine = await embedded({ functions, store: this.store, clock: this.clock, ...options });
    return driven(this.#engine.client, this.clock);
  }

  async stop(): Promise<void> {
    if (this.#engine !== undefined) await this.clock.until(this.#engine.close());
    this.#engine = undefined;
  }

  /** Calls back at instants, in ms from the start, while time passes until the last one. */
  async at(
    events: readonly { readonly ms: number; readonly happens: () => unknown }[],
  ): Promise<void> {
    for (const { ms, happens } of events.toSorted((a, b) => a.ms - b.ms)) {
      await this.clock.advance(Math.max(0, ms - this.nowMs));
      await happens();
    }
  }
}

/** Runs `play` in a new world, and leaves nothing running. */
export async function inWorld(play: (world: World) => Promise<void>): Promise<void> {
  const world = new World();
  try {
    await play(world);
  } finally {
    await world.stop();
  }
}
