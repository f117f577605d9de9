import type { Embedded, EmbeddedOptions } from "handback";
import { Machine } from "./machine.ts";

/** Longer than the engine holds back a message, and until it has run for a while. */
const WHILE_MS = 70_000;

/** A machine whose handlers can crash the process, and which is started again until it survives. */
export class CrashingMachine {
  readonly machine: Machine;
  #isAlive = false;

  /** @param make returns the functions, given a function that crashes the process */
  constructor(
    make: (die: () => Promise<never>) => readonly object[],
    options: Partial<EmbeddedOptions> = {},
  ) {
    this.machine = new Machine({ functions: make(() => this.die()), options });
  }

  /** Crashes the process at once. */
  die(): Promise<never> {
    this.#isAlive = false;
    void this.machine.cut();
    return Promise.withResolvers<never>().promise;
  }

  /** Starts processes until one of them survives for a while. */
  async restart(): Promise<Embedded> {
    for (;;) {
      this.#isAlive = true;
      const engine = await this.machine.boot();
      await this.machine.clock.advance(WHILE_MS);
      if (this.#isAlive) return engine;
    }
  }
}
