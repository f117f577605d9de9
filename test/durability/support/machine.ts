import { embedded, HandbackError } from "handback";
import type { Client, Embedded, EmbeddedOptions } from "handback";
import type { Clock } from "../../../src/core/host/clock.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { FaultyDisk } from "./faulty-store.ts";
import type { Fault } from "./faulty-store.ts";

const CRASHED = "crashed";
/** The due time of a message that never fires. */
const NEVER = 8.64e15;

/**
 * Functions, and observations from outside. Created for each run, so that its counts belong to that
 * run.
 */
export interface World {
  readonly functions: readonly object[];
  readonly options?: Partial<EmbeddedOptions>;
}

/** A crash: the number of the commit after the engine's start, counted from 1, and its fault. */
export type Crash = readonly [atCommit: number, fault: Fault];

/** A client program that can run again from its start, because its flows have keys. */
export type Script<Result> = (client: Client, clock: VirtualClock) => Promise<Result>;

/**
 * A machine with a disk: runs an engine, loses it, and runs another one on the same disk.
 */
export class Machine {
  readonly clock: VirtualClock;
  readonly disk = new FaultyDisk();
  readonly #world: World;
  #engine: Embedded | undefined;
  #session: ReturnType<FaultyDisk["plug"]> | undefined;
  #crashLimit = 3;

  /** @param commitMs the durations of commits, in turn */
  constructor(world: World, commitMs: readonly number[] = [], clock = new VirtualClock()) {
    this.clock = clock;
    this.#world = world;
    this.disk.delay = async () => {
      const ms = commitMs[this.disk.commits % commitMs.length];
      if (ms !== undefined) await this.clock.work(ms);
    };
  }

  /** The running engine. */
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

  /** Cuts the power at once. */
  async cut(): Promise<void> {
    await this.disk.cut();
    this.#engine = undefined;
  }

  /**
   * Runs a script to its end, through all planned crashes that happen. The client starts the script
   * again after each. Time passes between two engines.
   */
  async run<Result>(script: Script<Result>, crashes: readonly Crash[] = []): Promise<Result> {
    // After several crashes in a row some messages go on probation, which changes the timing.
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

  /** Runs the script, then all remaining work, including delayed one-way messages. */
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

  /** Lets time pass until all retention has ended. */
  async forget(): Promise<void> {
    await this.clock.advance(3 * 3_600_000);
  }
}
