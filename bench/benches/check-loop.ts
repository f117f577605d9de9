import type { Clock, Future } from "../../src/index.ts";
import { fn } from "../../src/index.ts";
import type { Bench } from "../measure/bench.ts";
import { expectResult } from "../measure/load.ts";
import { withSubject } from "../measure/subject.ts";
import type { EngineName, Subject } from "../measure/subject.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** After this many turns of the event loop without activity, everything waits for time. */
const QUIET_TURNS = 3;

/**
 * A clock that stands still during work, and otherwise jumps to the next timer: months pass in
 * seconds. Durations are real, so runs are billed their real time.
 */
class IdleClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now = Date.UTC(2030, 0, 1);

  now(): number {
    return this.#now;
  }

  monotonicNs(): number {
    return Math.round(performance.now() * 1e6);
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /**
   * Lets time pass until `work` has ended. `activity` is a number that changes, or `undefined`,
   * during work.
   */
  async runUntil<Result>(
    work: Promise<Result>,
    activity: () => number | undefined,
  ): Promise<Result> {
    const progress = { isOver: false };
    const end = (): void => {
      progress.isOver = true;
    };
    work.then(end, end);
    for (let quiet = 0, last = activity(); !progress.isOver;) {
      await nextTurn();
      const now = activity();
      quiet = now !== undefined && now === last ? quiet + 1 : 0;
      last = now;
      if (quiet < QUIET_TURNS) continue;
      quiet = 0;
      this.#jump();
    }
    return work;
  }

  #jump(): void {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
    if (next === undefined)
      throw new Error("nothing is left to wait for, and the work has not ended");
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.callback();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

type Job = { readonly name: string; readonly deadline: number };
type Outcome = "done" | "given up";

/** Turns of one measurement. Each takes a few commits, one after the other. */
const TURNS = 400;

/** Options of the loop. */
interface Watching {
  readonly engine: EngineName;
  readonly turns: number;
  /** Called when the loop is about to begin, after every tenth of the turns, and at the end. */
  readonly watch?: (subject: Subject, turn: number) => void;
}

/**
 * Polls a job until it is done, with a sleep of 30 s between turns. The last turn must cost no more
 * than the first. Time skips the sleeps. Returns the duration in ms.
 */
async function runCheckLoop({ engine, turns, watch }: Watching): Promise<number> {
  let polls = 0;
  const status = fn("bench/status", (_, _job: Job) => (++polls >= turns ? "done" : "running"));
  const check = fn("bench/check", (ctx, job: Job): Future<Outcome> =>
    ctx.onComplete(ctx.invoke(status, job), decide, job),
  );
  const decide = fn(
    "bench/decide",
    (ctx, { result, args: job }: { result: string; args: Job }): Outcome | Future<Outcome> => {
      if (result === "done") return "done";
      if (ctx.now() > job.deadline) return "given up";
      return ctx.invoke(check, job, { after: [ctx.sleep("30s")] });
    },
  );
  const clock = new IdleClock();
  return withSubject({ engine, functions: [check, decide, status], clock }, async (subject) => {
    const { client, written } = subject;
    watch?.(subject, 0);
    let watched = 0;
    const activity = (): number | undefined => {
      const tenths = Math.floor((polls * 10) / turns);
      if (tenths > watched && tenths < 10)
        watch?.(subject, Math.round(((watched = tenths) * turns) / 10));
      return written.isCommitting ? undefined : written.commits;
    };
    const start = performance.now();
    const job: Job = { name: "a migration", deadline: clock.now() + turns * 60_000 };
    const handle = await client.start(check, job);
    expectResult("loop", await clock.runUntil(handle.result(), activity), "done");
    const removedDelayed = performance.now() - start;
    expectResult("turns of the loop", polls, turns);
    watch?.(subject, turns);
    return removedDelayed;
  });
}

/** Measures turns of the loop per second, and their cost in fsyncs of this disk. */
export const checkLoop: Bench = {
  name: "loop",
  async measure(engine) {
    const msPerTurn = (await runCheckLoop({ engine, turns: TURNS })) / TURNS;
    return [
      { name: "loop", value: 1_000 / msPerTurn, unit: "turns/s", of: "baseline", weight: 3 },
      { name: "loop-turn", value: msPerTurn, unit: "ms", of: "fsync" },
    ];
  },
};
