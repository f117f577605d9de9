import { DEFAULT_PAYLOAD_LIMIT } from "../../../core/codec/encode.ts";
import type { Clock } from "../../../core/host/clock.ts";
import { parseDuration } from "../../../core/validation/duration.ts";
import type { Duration } from "../../../core/validation/duration.ts";
import type { Embedded } from "../../../embedded.ts";
import type { Client } from "../../../futures/client/client.ts";
import type { DeadLetterReport } from "../../../futures/client/stored/dead-letter.ts";
import { reconnectingClient } from "../host/reconnecting-client.ts";
import { Inspection } from "../inspect/inspection.ts";
import { meterOf } from "../inspect/meter.ts";
import type { Meter } from "../inspect/meter.ts";
import { describePending } from "../inspect/pending.ts";
import { replayable } from "./replayable.ts";
import { Run } from "./run.ts";
import { seededStream } from "../faults/seeded-decisions.ts";
import { checkSimulateOptions, decisionsOf, replayOf } from "./simulation-options.ts";
import type { SimulateOptions } from "./simulation-options.ts";
import { World } from "../host/world.ts";
import { requireRealTimers } from "../../../machine/real-time.ts";

/**
 * The outside of the workflow, for the body of a simulation: a client, and control over time and
 * the machine.
 */
export interface Simulated {
  /**
   * Starts flows and talks to them. It outlives crashes: a request to a crashed engine is repeated
   * to the next one, with the same key. A start without a key gets one.
   */
  readonly client: Client;
  /** The virtual clock. It stands still while anything can happen, then jumps to the next event. */
  readonly clock: Clock;
  readonly meter: Meter;
  /** Lets time pass, with everything that is due until then. @throws `INVALID_DELAY` */
  advance(duration: Duration): Promise<void>;
  /**
   * Lets time pass until nothing is left to do, including delayed messages, or for `limit` at most;
   * default `"30d"`.
   */
  idle(limit?: Duration): Promise<void>;
  /** Returns the dead letters, oldest first. */
  deadLetters(): Promise<readonly DeadLetterReport[]>;
  /**
   * Sends the message of a dead letter again, as {@link Embedded.redrive}. @throws `CLOSED` if the
   * process crashes meanwhile
   */
  redrive(id: string): Promise<boolean>;
  /** Deletes a dead letter, as {@link Embedded.discard}. @throws as `redrive` */
  discard(id: string): Promise<void>;
  /** Ends the process at once. Resolves when the next one runs. */
  crash(options?: { readonly downFor?: Duration }): Promise<void>;
}

/** The stream of random numbers that handlers draw from. */
const HANDLERS = 5;

/**
 * Runs `body` against the real engine in a simulated world: time is virtual, random choices follow
 * from a seed, and faults happen as often as `faults` says or exactly as a `schedule` says. After
 * the body has ended, the simulation finishes handlers and commits under way; delayed messages
 * stay.
 *
 * The course of a run follows from its options alone, as long as handlers and body wait only for
 * the engine, `work` and each other. Mock disks, networks and real timers.
 *
 * @throws `UNSUPPORTED` if fake timers were installed before the library was loaded; the error of
 * the body, with a last line in its message that replays the run; an
 * `AssertionError` if the body waits for something that can no longer happen; `INVALID_OPTIONS` and
 * the errors of `embedded`
 * @example
 * import { fn } from "handback";
 * import { simulate } from "handback/testing";
 *
 * const remind = fn("docs/remind", (ctx, text: string) =>
 *   ctx.onComplete(ctx.sleep("30d"), remindNow, text),
 * );
 * const remindNow = fn("docs/remind-now", (_, { args }: { result: void; args: string }) =>
 *   `it is time: ${args}`,
 * );
 *
 * const faults = { crash: 0.3, reorder: true };
 * const options = { functions: [remind, remindNow], seed: 3, faults };
 * const run = await simulate(options, async (t) => {
 *   const handle = await t.client.start(remind, "water the plants");
 *   await t.advance("30d");
 *   return handle.result();
 * });
 * console.log(run.result, run.crashes.length > 0); // it is time: water the plants true
 */
export async function simulate<Result>(
  options: SimulateOptions,
  body: (t: Simulated) => Promise<Result> | Result,
): Promise<Run<Result>> {
  requireRealTimers("simulate");
  checkSimulateOptions(options);
  const {
    functions,
    seed,
    faults: _,
    schedule,
    onEvent = () => undefined,
    maxSteps = 1_000_000,
    ...engineOptions
  } = options;
  const decisions = decisionsOf(options);
  const world = new World({
    functions: typeof functions === "function" ? functions : () => functions,
    decisions,
    random: seededStream(schedule?.seed ?? seed ?? 0, HANDLERS),
    options: { crashLimit: Number.POSITIVE_INFINITY, ...engineOptions },
    maxSteps,
    onEvent,
  });
  const inspection = new Inspection({
    disk: world.disk,
    now: () => world.eventQueue.now(),
    knows: (type) => world.knows(type),
    payloadLimit: options.payloadLimit ?? DEFAULT_PAYLOAD_LIMIT,
  });
  const replay = replayOf(options);
  try {
    const result = await driveBody(world, inspection, () =>
      body(simulated(world, inspection, reconnectingClient({ ...world.outside, decisions }))),
    );
    await world.rest();
    return new Run({ result, world, inspection, replay });
  } catch (error) {
    throw replayable(error, replay);
  } finally {
    await world.end();
  }
}

/** Drives the world until the body has ended. */
async function driveBody<Result>(
  world: World,
  inspection: Inspection,
  body: () => Promise<Result> | Result,
): Promise<Result> {
  const describe = (): Promise<string> => describePending(world, inspection);
  world.start();
  await world.drive(() => world.host !== undefined, describe);
  let isOver = false;
  const playing = (async () => body())().finally(() => (isOver = true));
  playing.catch(() => undefined);
  await world.drive(() => isOver, describe);
  return playing;
}

function simulated(world: World, inspection: Inspection, client: Client): Simulated {
  const { eventQueue } = world;
  const engine = async (): Promise<Embedded> => {
    for (;;) {
      const { engine: running } = await world.outside.host();
      if (running !== undefined) return running;
    }
  };
  return {
    client,
    clock: {
      ...eventQueue.clock,
      setTimer: (delayMs, callback) => eventQueue.after(delayMs, callback),
    },
    meter: meterOf(world, inspection),
    advance: async (duration) =>
      eventQueue.until(parseDuration(duration, "the duration of advance()")).promise,
    idle: async (limit = "30d") => {
      const wait = eventQueue.until(parseDuration(limit, "the limit of idle()"));
      await Promise.race([world.idle(), wait.promise]);
      wait.cancel();
    },
    deadLetters: async () => (await engine()).deadLetters(Number.MAX_SAFE_INTEGER),
    redrive: async (id) => (await engine()).redrive(id),
    discard: async (id) => (await engine()).discard(id),
    crash: async ({ downFor } = {}) =>
      world.crash(downFor === undefined ? undefined : parseDuration(downFor, "downFor")),
  };
}
