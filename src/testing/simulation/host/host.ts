import { logOption } from "../../../core/host/log-option.ts";
import { silent } from "../../../core/host/log.ts";
import type { Log } from "../../../core/host/log.ts";
import { embeddedOn } from "../../../embedded.ts";
import type { Embedded, EmbeddedOptions } from "../../../embedded.ts";
import { specOf } from "../../../futures/define/spec.ts";
import type { FunctionSpec } from "../../../futures/define/spec.ts";
import type { EventQueue } from "../machine/event-queue.ts";
import type { Decisions } from "../faults/decisions.ts";
import type { Disk } from "../machine/disk.ts";
import { hostedFunctions } from "./hosted-functions.ts";
import { processClock } from "./process-clock.ts";
import type { SimulationAccess } from "../../test-doubles/call-record.ts";
import { RunningHandlers } from "./running-handlers.ts";
import type { RunningHandler } from "./running-handlers.ts";
import type { SeededRandom } from "../faults/seeded-random.ts";
import type { Session } from "../machine/session.ts";
import type { Trace } from "../record/trace.ts";

/** The parts of a process: the world around it, which outlives it. */
export interface HostParts {
  readonly eventQueue: EventQueue;
  readonly decisions: Decisions;
  readonly disk: Disk;
  readonly trace: Trace;
  readonly random: SeededRandom;
  readonly simulation: Omit<SimulationAccess, "work">;
  readonly options: Omit<EmbeddedOptions, "functions" | "store" | "clock" | "random">;
  /** Makes the functions of a new process. */
  readonly functions: (machine: Machine) => readonly object[];
}

/** The process in which handlers run, as they can use it. */
export interface Machine {
  /**
   * Works for `ms` of virtual time, exact to the nanosecond, or until the signal is aborted. Never
   * resolves if the process ends before.
   */
  readonly work: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * A process that runs an engine until it is ended.
 *
 * HO1 After its end the process has no effect, and none of its timers or waits fire. Only its
 * closing continues.
 */
export class Host {
  readonly number: number;
  /** Specs of all functions that it hosts, by type. */
  readonly specs = new Map<string, FunctionSpec>();
  readonly ended: Promise<void>;
  readonly #parts: HostParts;
  readonly #handlers: RunningHandlers;
  readonly #waits = new Set<() => void>();
  readonly #end: () => void;
  #engine: Embedded | undefined;
  #session: Session | undefined;
  #isAlive = true;

  constructor(number: number, parts: HostParts) {
    this.number = number;
    this.#parts = parts;
    const { simulation } = parts;
    const crash = (): void => void (this.#isAlive && simulation.crash());
    this.#handlers = new RunningHandlers({
      ...parts,
      simulation: { ...simulation, crash, work: (ms) => this.#work(ms) },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.ended, this.#end] = [promise, resolve];
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** True if it has ended, or will end because its store fails. */
  get isEnding(): boolean {
    return !this.#isAlive || this.#session?.isFailing === true;
  }

  /** The engine, once it runs. */
  get engine(): Embedded | undefined {
    return this.#isAlive ? this.#engine : undefined;
  }

  /** The running handlers. */
  get running(): readonly RunningHandler[] {
    return this.#handlers.all;
  }

  async start(): Promise<void> {
    const { eventQueue, decisions, disk, random, options } = this.#parts;
    const machine: Machine = { work: (ms, signal) => this.#work(ms, signal) };
    const functions = hostedFunctions(this.#parts.functions(machine), (...handler) =>
      this.#handlers.around(...handler),
    );
    for (const f of functions) {
      const spec = specOf(f);
      if (spec !== undefined) this.specs.set(spec.type, spec);
    }
    const engine = await embeddedOn(
      {
        scheduler: {
          soon: (step) => eventQueue.soon(() => void (this.#isAlive && step())),
          choose: (count) => decisions.choose(count),
        },
        secret: (bytes) => Uint8Array.from({ length: bytes }, () => random.below(256)),
      },
      {
        ...options,
        functions,
        store: (this.#session = disk.connect()),
        clock: processClock(eventQueue.clock, () => this.#isAlive),
        random: () => random.next(),
        log: this.#log(options.log),
      },
    );
    this.#engine = engine;
    if (this.#isAlive) this.#parts.trace.add({ event: "start", engine: this.number });
    else await engine.close();
  }

  /** Ends the process at once. `keeps` decides if a commit under way is stored. */
  kill(keeps: boolean): Promise<void> | undefined {
    this.#isAlive = false;
    this.#parts.disk.disconnect(keeps);
    for (const cancel of this.#waits) cancel();
    this.#waits.clear();
    this.#handlers.clear();
    this.#end();
    return this.#engine?.close();
  }

  #work(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (!this.#isAlive) return promise;
    const end = (): void => {
      this.#waits.delete(cancel);
      signal?.removeEventListener("abort", stop);
      resolve();
    };
    const cancel = this.#parts.eventQueue.after(ms, end);
    const stop = (): void => {
      cancel();
      end();
    };
    this.#waits.add(cancel);
    signal?.addEventListener("abort", stop);
    if (signal?.aborted === true) stop();
    return promise;
  }

  #log(given: EmbeddedOptions["log"] = silent): Log {
    const log = logOption.read(given, "log of simulate");
    const say =
      (level: keyof Log): Log["info"] =>
      (message, fields) =>
        this.#isAlive ? log[level](message, fields) : undefined;
    return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  }
}
