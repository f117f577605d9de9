import type { EmbeddedOptions } from "../../../embedded.ts";
import type { FunctionBill } from "../../../engines/embedded/execution/function-meter.ts";
import type { FunctionSpec } from "../../../futures/define/spec.ts";
import { EventQueue } from "../machine/event-queue.ts";
import { AssertionError } from "../../assertion/assertion-error.ts";
import type { Crash } from "../faults/crash.ts";
import type { Decisions } from "../faults/decisions.ts";
import { Disk } from "../machine/disk.ts";
import { EgressLog } from "../record/egress-log.ts";
import type { ReconnectingClientParts } from "./reconnecting-client.ts";
import { nextTurn } from "../machine/event-loop.ts";
import { FunctionBills } from "./function-bills.ts";
import { Host } from "./host.ts";
import type { HostParts, Machine } from "./host.ts";
import type { Call } from "../../test-doubles/call-record.ts";
import type { SeededRandom } from "../faults/seeded-random.ts";
import { Trace } from "../record/trace.ts";
import type { TraceEvent } from "../record/trace.ts";

/** The parts of a simulated world. */
export interface WorldParts {
  readonly functions: (machine: Machine) => readonly object[];
  readonly decisions: Decisions;
  readonly random: SeededRandom;
  readonly options: Omit<EmbeddedOptions, "functions" | "store" | "clock" | "random">;
  readonly maxSteps: number;
  readonly onEvent: (event: TraceEvent) => void;
}

/**
 * A machine with a disk, the processes that run on it one after the other, and the events of their
 * lives.
 *
 * WO1 One thing happens at a time, and all promises that it settles settle before the next. The
 * course of a run therefore follows from its decisions alone.
 */
export class World {
  readonly eventQueue: EventQueue;
  readonly trace: Trace;
  readonly disk: Disk;
  readonly crashes: Crash[] = [];
  readonly calls = new Map<string, Call[]>();
  readonly egress = new EgressLog();
  readonly #parts: WorldParts;
  readonly #hostParts: HostParts;
  readonly #startedAt: number;
  readonly #bills = new FunctionBills();
  #hosts = 0;
  #host: Host | undefined;
  #up = Promise.withResolvers<Host>();
  #isUp = false;
  #idlers: (() => void)[] = [];
  #steps = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: WorldParts) {
    const { decisions, options } = parts;
    this.#parts = parts;
    const eventQueue = (this.eventQueue = new EventQueue((count) => decisions.choose(count)));
    this.#startedAt = eventQueue.now();
    const at = (): number => eventQueue.now() - this.#startedAt;
    this.trace = new Trace(at, (event) => {
      eventQueue.noteActivity();
      parts.onEvent(event);
    });
    const counts = new Map<object, number>();
    const count = (what: object): number => {
      const next = (counts.get(what) ?? 0) + 1;
      counts.set(what, next);
      return next;
    };
    this.disk = new Disk({
      eventQueue,
      decisions,
      trace: this.trace,
      crash: (how, commit) => this.#crash(how, { commit }),
      fail: (error) => this.fail(error),
    });
    this.#hostParts = {
      ...parts,
      eventQueue,
      disk: this.disk,
      trace: this.trace,
      simulation: { at, count, calls: this.calls, crash: () => this.#crash("handler") },
      options: { ...options, egress: this.egress.around(options.egress ?? {}, this.trace) },
    };
  }

  /** The process that runs now. */
  get host(): Host | undefined {
    return this.#host?.engine === undefined ? undefined : this.#host;
  }

  /** The parts that a client outside of the machine uses. */
  get outside(): Pick<ReconnectingClientParts, "trace" | "host" | "soon"> {
    return {
      trace: this.trace,
      host: () => this.whenUp(),
      soon: (action) => this.eventQueue.soon(action),
    };
  }

  /** Returns the process that runs now, or waits for the next one. */
  whenUp(): Promise<Host> {
    return this.#up.promise;
  }

  /** Tells whether the present or last process hosts a function of this type. */
  knows(type: string): boolean {
    return this.#host?.specs.has(type) === true;
  }

  /** The functions of the present or last process. */
  get specs(): Iterable<FunctionSpec> {
    return this.#host?.specs.values() ?? [];
  }

  /** Starts the first process. */
  start(): void {
    this.#start();
  }

  /** Ends the process, if one runs, and starts another one after the downtime. */
  async crash(downMs = this.#parts.decisions.downtimeMs()): Promise<void> {
    let host = await this.whenUp();
    // Another crash may have just ended it.
    while (!host.isAlive) host = await this.whenUp();
    this.#crash("asked", { downMs });
    await this.whenUp();
  }

  /** Ends the run with an error of the simulation itself. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Resolves when nothing is left to do: no message, no handler, no commit. */
  idle(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idlers.push(resolve);
    return promise;
  }

  /** Lets things happen until `isOver` returns true. Lets time pass whenever nothing can happen. */
  async drive(isOver: () => boolean, describe: () => Promise<string>): Promise<void> {
    for (;;) {
      await nextTurn();
      if (this.#failure !== undefined) throw this.#failure.error;
      if (isOver()) return;
      if (this.#steps++ >= this.#parts.maxSteps)
        throw new AssertionError(
          `the simulation is not over after ${this.#parts.maxSteps} steps:${await describe()}`,
        );
      if (this.#act()) continue;
      if (this.#idlers.length > 0 && this.#isIdle()) {
        for (const resolve of this.#idlers.splice(0)) resolve();
      } else if (!this.#pass())
        throw new AssertionError(
          `nothing more can happen, but the body still waits:${await describe()}`,
        );
    }
  }

  /** Finishes the work under way: commits, handlers, a start. Delayed messages stay. */
  async rest(): Promise<void> {
    for (;;) {
      await nextTurn();
      if (this.#failure !== undefined) throw this.#failure.error;
      if (
        this.#steps++ >= this.#parts.maxSteps ||
        (!this.#act() && !(this.#isUnderWay() && this.#pass()))
      )
        return;
    }
  }

  /** Ends the last process, and leaves the disk readable. */
  async end(): Promise<void> {
    await this.#kill(true);
    await this.disk.content.open();
  }

  /** Returns the bills of functions, summed over all processes. */
  bills(): ReadonlyMap<string, FunctionBill> {
    return this.#bills.with(this.host);
  }

  #start(): void {
    const host = new Host(++this.#hosts, this.#hostParts);
    this.#host = host;
    host.start().then(
      () => this.#started(host),
      (error: unknown) => {
        if (host.isAlive) this.fail(error);
      },
    );
  }

  #started(host: Host): void {
    if (!host.isAlive) return;
    if (this.#parts.decisions.crashesAtStart()) this.#crash("start");
    else {
      this.#isUp = true;
      this.#up.resolve(host);
    }
  }

  #crash(
    how: Crash["how"],
    { commit = this.disk.commits, downMs = this.#parts.decisions.downtimeMs() } = {},
  ): void {
    const crash = { how, commit, at: this.eventQueue.now() - this.#startedAt };
    this.crashes.push(crash);
    this.trace.add({ event: "crash", ...crash });
    void this.#kill(
      this.disk.isCommitting && how === "asked" && this.#parts.decisions.choose(2) === 1,
    );
    this.eventQueue.after(downMs, () => this.#start());
  }

  async #kill(keeps: boolean): Promise<void> {
    if (this.#isUp) this.#up = Promise.withResolvers();
    this.#isUp = false;
    if (this.#host === undefined) return;
    this.#bills.add(this.#host);
    await this.#host.kill(keeps);
  }

  #act(): boolean {
    const action = this.eventQueue.takeNext();
    action?.();
    return action !== undefined;
  }

  #pass(): boolean {
    const deadlines =
      this.#host?.running.flatMap(({ deadline = 0 }) =>
        deadline > this.eventQueue.now() ? [deadline] : [],
      ) ?? [];
    const due = this.#host?.isAlive === true ? this.disk.nextDueAt : undefined;
    return this.eventQueue.advanceTime([due, ...deadlines]);
  }

  #isUnderWay(): boolean {
    return (
      this.disk.isCommitting ||
      this.host === undefined ||
      (this.host.running.length > 0 && this.eventQueue.isAwaited)
    );
  }

  #isIdle(): boolean {
    if (this.disk.isCommitting || this.host === undefined || this.host.running.length > 0)
      return false;
    return this.disk.nextDueAt === undefined && this.disk.content.readMessages(-1, 1).length === 0;
  }
}
