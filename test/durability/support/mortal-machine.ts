import type { Embedded, EmbeddedOptions } from "handback";
import { Machine } from "./machine.ts";

/** Longer than the engine waits before it handles what the process may have died of. */
const WHILE_MS = 2_000;

/** A machine whose handlers can end the process, and which is started again until it lives. */
export class MortalMachine {
  readonly machine: Machine;
  #isAlive = false;

  /** @param make gives the functions, which are told how to die */
  constructor(
    make: (die: () => Promise<never>) => readonly object[],
    options: Partial<EmbeddedOptions> = {},
  ) {
    this.machine = new Machine({ functions: make(() => this.die()), options });
  }

  /** Ends the process, at once. */
  die(): Promise<never> {
    this.#isAlive = false;
    void this.machine.cut();
    return Promise.withResolvers<never>().promise;
  }

  /** Starts processes until one of them has lived for a while. */
  async restart(): Promise<Embedded> {
    for (;;) {
      this.#isAlive = true;
      const engine = await this.machine.boot();
      await this.machine.clock.advance(WHILE_MS);
      if (this.#isAlive) return engine;
    }
  }
}
