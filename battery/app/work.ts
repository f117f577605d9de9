import { setTimeout } from "node:timers/promises";
import { HandbackError } from "../../src/index.ts";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";
import { kindOf } from "../kinds/all-kinds.ts";
import type { Orders } from "../ledger/orders.ts";
import { operationOf } from "../plan/operation.ts";
import { codeOf, EngineGone } from "../client/recording-client.ts";
import type { RecordingClient } from "../client/recording-client.ts";
import { writeEntry } from "../client/ledger-writer.ts";

const LONGEST_TICK_MS = 30;
const FULL_PAUSE_MS = 50;

/** Performs operations: the ones left open and, in work mode, new ones. */
export class Work {
  readonly #orders: Orders;
  readonly #recorder: RecordingClient;
  readonly #random: SeededRandom;
  readonly #open = new Set<Promise<void>>();
  #next: number;
  #ended = false;

  constructor(orders: Orders, recorder: RecordingClient) {
    this.#orders = orders;
    this.#recorder = recorder;
    this.#random = new SeededRandom(orders.seed ^ Math.imul(orders.life, 0x27d4eb2f));
    this.#next = orders.next;
    for (const { op } of orders.open) this.#begin(op);
  }

  /** Waits until all open operations have ended, or there was no news for a long time. */
  async finish(): Promise<void> {
    const { quietMs } = this.#orders;
    const clock = new AbortController();
    let ended = -1;
    const quiet = async (): Promise<void> => {
      while (!clock.signal.aborted && this.#open.size !== ended) {
        ended = this.#open.size;
        await setTimeout(quietMs, undefined, { signal: clock.signal }).catch(() => undefined);
      }
    };
    await Promise.race([quiet(), Promise.all(this.#open)]);
    clock.abort();
  }

  /**
   * Begins new operations at the ordered rate, in small groups, until it is ended. Never resolves
   * by itself.
   */
  async goOn(): Promise<never> {
    const { rate, most } = this.#orders;
    let [owed, then] = [1, Date.now()];
    for (;;) {
      const now = Date.now();
      owed = Math.min(most, owed + ((now - then) * rate) / 1_000);
      then = now;
      for (; owed >= 1 && !this.#ended && this.#open.size < most; owed--) this.#begin(this.#next++);
      await setTimeout(1 + this.#random.below(LONGEST_TICK_MS), undefined, { ref: !this.#ended });
    }
  }

  /** Begins no more operations. */
  end(): void {
    this.#ended = true;
  }

  #begin(number: number): void {
    const open = this.#perform(number).finally(() => this.#open.delete(open));
    this.#open.add(open);
  }

  async #perform(number: number): Promise<void> {
    const operation = operationOf(this.#orders.seed, number);
    try {
      await kindOf(operation).perform(operation, this.#recorder);
    } catch (error) {
      if (error instanceof EngineGone) return;
      // Stop here. A later process continues accepted work.
      if (HandbackError.is(error, "STORE_FULL") || codeOf(error) === "OVERLOADED")
        await setTimeout(FULL_PAUSE_MS);
      else writeEntry({ what: "astray", op: number, error: codeOf(error) });
    }
  }
}
