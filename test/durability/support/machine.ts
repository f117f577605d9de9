import { embedded, HandbackError } from "handback";
import type { Client, Embedded, EmbeddedOptions } from "handback";
import type { Clock } from "../../../src/core/host/clock.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { FaultyDisk } from "./faulty-store.ts";
import type { Fault } from "./faulty-store.ts";

const CRASHED = "crashed";
/** When a guard is due. */
const NEVER = 8.64e15;

/** Functions, and what the outside sees of them. Made anew for each run, so that what it counts is that run's. */
export interface World {
  readonly functions: readonly object[];
  readonly options?: Partial<EmbeddedOptions>;
}

/** A crash: which commit after the engine's start, counted from 1, and how. */
export type Crash = readonly [atCommit: number, fault: Fault];

/** A program from outside that can be run again from its start: it gives keys to what it starts. */
export type Script<Result> = (client: Client, clock: VirtualClock) => Promise<Result>;

/**
 * A computer with a disk: runs an engine, loses it, and runs another one over what is on the disk.
 */
export class Machine {
  readonly clock: VirtualClock;
  readonly disk = new FaultyDisk();
  readonly #world: World;
  #engine: Embedded | undefined;
  #session: ReturnType<FaultyDisk["plug"]> | undefined;
  #crashLimit = 3;

  /** @param commitMs how long commits take, in turn */
  constructor(world: World, commitMs: readonly number[] = [], clock = new VirtualClock()) {
    this.clock = clock;
    this.#world = world;
    this.disk.delay = async () => {
      const ms = commitMs[this.disk.commits % commitMs.length];
      if (ms !== undefined) await this.clock.work(ms);
    };
  }

  /** The engine that runs now. */
  get engine(): Embedded {
    if (this.#engine === undefined) throw new Error("the machine is not running");
    return this.#engine;
  }

  async boot(): Promise<Embedded> {
    const store = (this.#session = this.disk.plug());
    const clock: Clock = {
      now: () => this.clock.now(),
      monotonicNs: () => this.clock.monotonicNs(),
      setTimer: (delayMs, callback) =>
        this.clock.setTimer(delayMs, () => void (store.isDead || callback())),
    };
    const { functions, options } = this.#world;
    return (this.#engine = await embedded({
      functions,
      retention: "1h",
      crashLimit: this.#crashLimit,
      ...options,
      store,
      clock,
    }));
  }

  /** Takes the power away, at once. */
  async cut(): Promise<void> {
    await this.disk.cut();
    this.#engine = undefined;
  }

  /**
   * Runs a script to its end, over as many engines as there are crashes that come to pass; the client starts the script
   * again after each. Time goes on between two engines.
   */
  async run<Result>(script: Script<Result>, crashes: readonly Crash[] = []): Promise<Result> {
    // After several crashes in a row some messages have to wait, which changes what happens by then.
    this.#crashLimit = crashes.length > 1 ? Number.POSITIVE_INFINITY : 3;
    for (const [atCommit, fault] of crashes) {
      const crashed = this.disk.arm(atCommit, fault);
      const { client } = await this.boot();
      const outcome = await this.clock.until(
        Promise.race([crashed.then((): typeof CRASHED => CRASHED), this.#play(script, client)]),
      );
      this.disk.disarm();
      if (outcome !== CRASHED) return outcome.result;
      if (fault === "refused" || fault === "unsure") await this.clock.until(this.engine.close());
      await this.cut();
      await this.clock.advance(7);
    }
    const { client } = await this.boot();
    const outcome = await this.clock.until(this.#play(script, client));
    if (outcome === CRASHED) throw new Error("the store failed by itself");
    return outcome.result;
  }

  /** Runs the script, then lets everything else happen, one-way messages with a delay included. */
  async #play<Result>(
    script: Script<Result>,
    client: Client,
  ): Promise<{ readonly result: Result } | typeof CRASHED> {
    const session = this.#session;
    const isOver = (): boolean => {
      if (session === undefined || session.isDead) return true;
      const { messages, delayed } = this.disk.content.count();
      return messages === 0 && (delayed === 0 || (this.disk.content.nextDueAt() ?? 0) >= NEVER);
    };
    try {
      const result = await script(client, this.clock);
      while (!isOver()) {
        const { content } = this.disk;
        const dueAt = content.count().messages > 0 ? 0 : (content.nextDueAt() ?? 0);
        await this.clock.work(Math.max(10, dueAt - this.clock.now()));
      }
      return { result };
    } catch (error) {
      if (HandbackError.is(error, "STORE_FAILED")) return CRASHED;
      throw error;
    }
  }

  /** Lets time pass until all that was kept for a while may be collected. */
  async forget(): Promise<void> {
    await this.clock.advance(3 * 3_600_000);
  }
}
