import { setTimeout } from "node:timers/promises";
import { HandbackError } from "../../src/index.ts";
import type { Embedded, FlowHandle } from "../../src/index.ts";
import { outcomeOf } from "../client/recording-client.ts";
import { writeEntry } from "../client/ledger-writer.ts";
import type { Poisoning } from "../ledger/poison-plan.ts";
import {
  runPoison,
  sendPoison,
  probe,
  COUNTER_ID,
  runCounter,
  runSlowly,
} from "./poison-functions.ts";

const LOOK_AGAIN_MS = 25;
const TICK_MS = 5;

/** Sends poison beside the work of a process, and reports its outcome. */
export class Poisoner {
  readonly #engine: Embedded;
  readonly #poisoning: Poisoning;
  #isEnded = false;

  constructor(engine: Embedded, poisoning: Poisoning) {
    this.#engine = engine;
    this.#poisoning = poisoning;
  }

  /** Starts all its tasks. Messages of an earlier process are found again. */
  begin(): void {
    for (const part of [this.#send(), this.#probe(), this.#watch()]) void part.catch(orIfGone);
  }

  /** Stops. */
  end(): void {
    this.#isEnded = true;
  }

  /** Reports the dead letters, and the counted runs. */
  async tell(): Promise<void> {
    const letters = this.#engine.deadLetters().map(({ id, input, failure }) => {
      return { id, input, code: failure.code, crashes: failure.details?.["crashes"] };
    });
    writeEntry({ what: "poisoning", letters, counted: await this.#counted() });
  }

  async #send(): Promise<void> {
    const { afterMs, poisons, toils, toilMs } = this.#poisoning;
    const { client } = this.#engine;
    await setTimeout(afterMs);
    const innocents = toils.map((name) => ({
      name,
      start: () => client.start(runSlowly, { name, ms: toilMs }, { id: name }),
    }));
    const killers = poisons.map((poison) => ({
      name: poison.name,
      start: () =>
        client.start(poison.isOneWay ? sendPoison : runPoison, poison, { id: poison.name }),
    }));
    const half = innocents.length / 2;
    await Promise.all(
      [...innocents.slice(0, half), ...killers, ...innocents.slice(half)].map(tellFate),
    );
  }

  /**
   * Calls at even intervals, without waiting for answers: the time includes delays of the whole
   * process.
   */
  async #probe(): Promise<void> {
    const everyMs = 1_000 / this.#poisoning.probes;
    const startedAt = performance.now();
    for (let number = 0; !this.#isEnded;) {
      for (
        let dueAt = startedAt;
        (dueAt = startedAt + number * everyMs) <= performance.now();
        number++
      )
        void this.#time(number, dueAt);
      await setTimeout(TICK_MS);
    }
  }

  async #time(number: number, dueAt: number): Promise<void> {
    writeEntry({ what: "probe", number });
    await this.#engine.client
      .call(probe, number)
      .then(() => writeEntry({ what: "probed", number, ms: performance.now() - dueAt }))
      .catch(orIfGone);
  }

  async #watch(): Promise<void> {
    for (let before = ""; !this.#isEnded; await setTimeout(LOOK_AGAIN_MS)) {
      const letters = this.#engine.deadLetters();
      const now = JSON.stringify([letters.map(({ id }) => id), await this.#counted()]);
      if (now !== before) await this.tell();
      before = now;
      if (!this.#poisoning.redrives) continue;
      for (const { id } of letters)
        writeEntry({ what: "redriven", id, done: await this.#engine.redrive(id) });
    }
  }

  async #counted(): Promise<Readonly<Record<string, number>>> {
    try {
      return (await this.#engine.client.readState(runCounter, COUNTER_ID)).counted;
    } catch (error) {
      if (HandbackError.is(error, "NOT_FOUND")) return {};
      throw error;
    }
  }
}

async function tellFate({
  name,
  start,
}: {
  name: string;
  start: () => Promise<FlowHandle<string>>;
}): Promise<void> {
  const outcome = await outcomeOf(await start());
  writeEntry({ what: "fate", name, outcome });
}

/** The process is ending. */
function orIfGone(error: unknown): void {
  if (!HandbackError.is(error, "CLOSED")) throw error;
}
